"""The first run: a link that works until the place has an owner."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from rooms.accounts.setup import setup_token
from rooms.models import Kind, Person, Place, Role, Room
from tests.conftest import MakeSite
from tests.programs import pages, people
from tests.services import wait_until
from tests.site import Site
from tests.web import BAD_LINES, PASSWORD, account, browser

pytestmark = pytest.mark.django_db

FIRST = {
    "place": "The Lab",
    "username": "ada",
    "name": "Ada Lovelace",
    "email": "",
    "password": PASSWORD,
}


# Two at least have to come to the lock before it is given back; more make that likelier.
FIRST_RUNS = 4
# SQLite does not say who waits for its lock: all of them, after this many seconds.
COME_TO_THE_LOCK = 1.5


def url() -> str:
    return f"/setup/{setup_token()}/"


def test_empty_place_says_where_the_link_is() -> None:
    page = browser().get("/", follow=True).content.decode()
    assert "printed in the terminal" in page
    assert setup_token() not in page


def test_first_run_makes_the_owner_and_general_and_works_once() -> None:
    client, link = browser(), url()
    assert client.get(link).status_code == 200
    answer = client.post(link, FIRST)
    assert answer.status_code == 302
    assert client.get("/")["Location"] == "/rooms/general/"
    user = User.objects.get()
    assert user.is_superuser
    assert user.check_password(PASSWORD)
    assert Person.of(user).shown_name == "Ada Lovelace"
    assert Place.get().name == "The Lab"
    room = Room.objects.get()
    assert (room.name, room.kind) == ("General", Kind.PUBLIC)
    assert room.memberships.get().role == Role.OWNER
    assert browser().get(link).status_code == 404
    assert browser().post(link, FIRST | {"username": "eve"}).status_code == 404
    assert User.objects.count() == 1


def test_wrong_token_is_nothing() -> None:
    for token in ("wrong", setup_token()[:-1], setup_token().upper(), "ü", "%00"):
        assert browser().get(f"/setup/{token}/").status_code == 404
        assert browser().post(f"/setup/{token}/", FIRST).status_code == 404
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"place": "x" * 61},
        *({"place": bad} for bad in BAD_LINES),
        *({"username": bad} for bad in (*BAD_LINES, "two words", "x" * 151, "a")),
        {"name": "a\0b"},
        {"email": "no address"},
        {"password": "short"},
        {"password": "password"},
        {"password": "a\0 long password"},
        {"password": ""},
        {"username": "correct", "password": "correct1"},
    ],
)
def test_wrong_first_run_makes_nothing(wrong: dict[str, str]) -> None:
    answer = browser().post(url(), FIRST | wrong)
    assert answer.status_code == 200
    assert 'class="errorlist' in answer.content.decode()
    assert not User.objects.exists()
    assert not Room.objects.exists()


def test_command_prints_the_link_while_it_works(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("setup_link")
    assert url() in capsys.readouterr().out
    account("ada", owner=True)
    call_command("setup_link")
    assert "/setup/" not in capsys.readouterr().out


@contextmanager
def locked_place(site: Site) -> Iterator[None]:
    """Nobody sets up the place inside; at its end at least two wait to do so."""
    url = site.environment["DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(site.folder / "chat.sqlite3", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            yield
            time.sleep(COME_TO_THE_LOCK)
    else:
        with psycopg.connect(url) as lock:
            lock.execute("SELECT 1 FROM rooms_place FOR UPDATE")
            yield
            waiting = "SELECT count(*) > 1 FROM pg_locks WHERE NOT granted"
            wait_until(lambda: lock.execute(waiting).fetchone() == (True,), "two first runs")


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_of_first_runs_at_once_one_makes_the_owner(make_site: MakeSite, database: str) -> None:
    with make_site(database) as site, ThreadPoolExecutor(FIRST_RUNS) as at_once:
        link = site.run(pages.setup_link).removeprefix(site.url)
        names = [f"owner{n}" for n in range(FIRST_RUNS)]
        with locked_place(site):
            answers = [at_once.submit(site.post, link, FIRST | {"username": n}) for n in names]
        statuses = [answer.result()[0] for answer in answers]
        assert sorted(statuses) == [200, *[404] * (FIRST_RUNS - 1)]
        assert site.run(people.owners) == [names[statuses.index(200)]]
