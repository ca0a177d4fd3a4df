"""The commands of the README, as somebody on a fresh machine runs them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from chatsite.environment import Environment
from tests.conftest import MakeSite
from tests.services import answers, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent


def environment(folder: Path, **settings: str) -> dict[str, str]:
    return {**os.environ, "DATA_DIR": str(folder), "DEBUG": "", **settings}


def manage(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[tuple[str, Path]]:
    """The address of a `manage.py serve` and the file of what it says."""
    port = settings.setdefault("PORT", str(free_port()))
    log = folder / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment(folder, **settings),
            stdout=file,
            stderr=file,
        )
    try:
        wait_until(lambda: process.poll() is not None or answers(int(port)), "serve", 60)
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}", log
    finally:
        process.terminate()
        process.wait(20)


def page(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=20) as response:
            return response.status, response.read().decode()
    except HTTPError as problem:
        return problem.code, problem.read().decode()


def test_serve_needs_nothing_but_an_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    with serving(folder) as (url, log):
        said = log.read_text()
        assert "Database: SQLite. Channel layer: in this process" in said
        link = next(word for word in said.split() if "/setup/" in word)
        assert link.startswith(url)
        assert page(link)[0] == 200
        status, text = page(f"{url}/accounts/login/")
        assert status == 200
        style = text.split('<link rel="stylesheet" href="')[1].split('"')[0]
        assert page(url + style)[0] == 200, "static files are collected and served"
        assert page(f"{url}/setup/wrong/")[0] == 404
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert {"chat.sqlite3", "secret_key", "static"} <= {path.name for path in folder.iterdir()}
    key = (folder / "secret_key").read_text()
    with serving(folder) as (url, log):
        assert (
            next(w for w in log.read_text().split() if "/setup/" in w).split("/setup/")[1]
            == (link.split("/setup/")[1])
        )
    assert (folder / "secret_key").read_text() == key, "a second start finds what it left"


def test_of_first_starts_at_once_all_have_one_secret_key(tmp_path: Path) -> None:
    starts = 8
    together = Barrier(starts)

    def first_start(folder: Path) -> str:
        together.wait()
        return Environment(folder).secret_key(folder)

    with ThreadPoolExecutor(starts) as at_once:
        for n in range(50):
            folder = tmp_path / f"{n}"
            folder.mkdir()
            assert len(set(at_once.map(first_start, [folder] * starts))) == 1
            assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_serve_says_when_it_uses_redis_and_postgresql(make_site: MakeSite) -> None:
    with make_site("postgres", redis=True, server="serve", DEBUG="off") as site:
        said = site.processes[0].log.read_text()
        assert "Database: PostgreSQL. Channel layer: Redis." in said
        assert page(f"{site.url}/accounts/login/")[0] == 200


def test_a_taken_port_is_named_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as other:
        port = other.getsockname()[1]
        second = manage(tmp_path, "serve", PORT=str(port))
    assert second.returncode != 0
    [sentence] = second.stderr.strip().splitlines()
    assert f"Port {port} is taken" in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DEBUG", "perhaps"),
        ("DATA_DIR", "/dev/null/x"),
        ("SECRET_KEY", "short"),
        ("CHAT_URL", "chat.example.org"),
        ("CHAT_URL", "https://chat.example.org/path"),
        ("CHAT_URL", "https://chat.example.org:port"),
        ("DATABASE_URL", "mysql://localhost/chat"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgres://localhost"),
        ("REDIS_URL", "localhost:6379"),
        ("EMAIL_URL", "mail.example.org"),
        ("TRUSTED_PROXIES", "many"),
        ("SEND_RATE", "none"),
        ("SEND_BURST", "nan"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(
    tmp_path: Path, name: str, value: str
) -> None:
    started = manage(tmp_path, "serve", **{"DATA_DIR": str(tmp_path), name: value})
    assert started.returncode != 0
    [sentence] = started.stderr.strip().splitlines()
    assert name in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "rediss://redis.example.org:6380/0"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("DATABASE_URL", "sqlite:////srv/chat.sqlite3"),
        ("DATABASE_URL", "postgres://user:password@db.example.org:5432/name"),
        ("CHAT_URL", "https://chat.example.org,http://chat.local:8000"),
        ("SECRET_KEY", "x" * 32),
        ("TRUSTED_PROXIES", "9"),
        ("DEBUG", "on"),
    ],
)
def test_a_setting_may_be_written_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    ours = Environment(tmp_path)
    database = ours.database(tmp_path)
    said = {
        "REDIS_URL": ours.redis_url(),
        "DATABASE_URL": "sqlite:///" + database["NAME"]
        if database["ENGINE"].endswith("sqlite3")
        else "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database),
        "CHAT_URL": ",".join(ours.chat_urls(8000)),
        "SECRET_KEY": ours.secret_key(tmp_path),
        "TRUSTED_PROXIES": str(ours.trusted_proxies()),
        "DEBUG": "on" if ours.debug() else "off",
    }
    assert said[name] == value


def test_a_database_that_is_away_is_named_in_a_sentence(tmp_path: Path) -> None:
    url = f"postgres://nobody@127.0.0.1:{free_port()}/chat"
    started = manage(tmp_path, "serve", DATABASE_URL=url, PORT=str(free_port()))
    assert started.returncode != 0
    assert "DATABASE_URL: the database cannot be used" in started.stderr
    assert "Traceback" not in started.stderr


def test_by_hand_it_is_migrate_and_daphne(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate").returncode == 0
    link = manage(tmp_path, "setup_link").stdout.split()[-1]
    assert "/setup/" in link
    port = free_port()
    process = subprocess.Popen(
        [Path(sys.executable).with_name("daphne"), "-p", str(port), "chatsite.asgi:application"],
        cwd=ROOT,
        env=environment(tmp_path, CHAT_URL=f"http://127.0.0.1:{port}"),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answers(port), "daphne")
        url = f"http://127.0.0.1:{port}"
        status, text = page(f"{url}/accounts/login/")
        assert status == 200
        style = text.split('<link rel="stylesheet" href="')[1].split('"')[0]
        assert page(url + style)[0] == 200, "static files are there without collectstatic"
    finally:
        process.terminate()
        process.wait(20)
