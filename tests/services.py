"""Redis and PostgreSQL of the tests' own: started on free ports, ended by their process ids."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def missing(what: str) -> None:
    """Skips, loudly; in CI nothing that is promised may be skipped."""
    message = f"{what} is not installed: bin/test-deps tells what to do"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis of our own."""
    program = shutil.which("redis-server")
    if program is None:
        missing("redis-server")
        raise AssertionError
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: answers(port), "redis-server")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(10)


def _accepts(url: str) -> bool:
    """Whether PostgreSQL is past its start, in which it answers but refuses."""
    try:
        psycopg.connect(f"{url}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL, without a database's name, of a PostgreSQL cluster of our own."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    initdb = shutil.which("initdb") or (str(folders[-1] / "initdb") if folders else None)
    if initdb is None:
        missing("PostgreSQL")
        raise AssertionError
    port = free_port()
    # PostgreSQL refuses to run as root: there it runs as the user that its package made.
    account = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="chatsite-postgres-"))
    if account:
        owner = pwd.getpwnam(account)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    arguments = [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    arguments += ["--locale", "C.UTF-8"]
    subprocess.run(arguments, user=account, cwd=folder, check=True, capture_output=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(Path(initdb).with_name("postgres")),
                *("-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder)),
                *("-c", "max_connections=200"),
            ],
            user=account,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"postgres://postgres@127.0.0.1:{port}"
        wait_until(lambda: _accepts(url), "postgres")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder)
