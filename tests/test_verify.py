"""`manage.py verify` finds damage, and nothing where there is none."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeSite, _site
from tests.programs import damage, messages, pages

DAMAGE: dict[str, Callable[[], None]] = {
    "Room 1: 3 messages with seqs 2 to 4.": damage.remove_the_first,
    "Room 1: its seq is 9, its last message's 4.": damage.change_seq,
    "Room 1: its version is 99, its newest 7.": damage.change_version,
    "Room 1: 4 messages with 3 versions.": damage.repeat_a_version,
    "its version is not between 1 and its room's": damage.leave_the_versions,
    "its text is still there": damage.keep_a_deleted_text,
    "its parts are wrong about mentions": damage.claim_mentions,
    "its parts are wrong about reactions": damage.deny_reactions,
    "it has reactions": damage.react_to_the_deleted,
    "it replies to a message in another room": damage.move_what_is_answered,
    "a mention has the wrong room or seq": damage.move_a_mention,
    "it is ahead of its room": damage.follow_too_far,
    "its activity does not match its latest message": damage.miss_an_activity,
    "its read mark is ahead of the room": damage.read_too_far,
}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_it_works(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada", "bob")
        site.run(messages.everything)
        fine = site.manage("verify")
        assert (fine.returncode, fine.stdout) == (0, "2 rooms, 4 messages: no problems.\n")
        assert site.manage("verify", "--quiet").stdout == ""
        site.run(damage.change_seq)
        site.run(damage.change_version)
        broken = site.manage("verify")
        assert broken.returncode == 1
        assert broken.stdout.endswith("2 rooms, 4 messages: 2 problems.\n")


@pytest.fixture(scope="module")
def whole(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file with a bit of everything to copy and to damage."""
    with _site(request, serve=False) as site:
        site.people("ada", "bob")
        site.run(messages.everything)
        site.run(pages.checkpoint)
        yield site.folder / "chat.sqlite3"


@pytest.mark.parametrize("words", DAMAGE)
def test_each_damage_is_found(make_site: MakeSite, whole: Path, words: str) -> None:
    with make_site("sqlite", serve=False) as site:
        shutil.copy(whole, site.folder / "chat.sqlite3")
        site.run(DAMAGE[words])
        broken = site.manage("verify", "--quiet")
        assert broken.returncode == 1, broken.stderr
        assert words in broken.stdout


def test_a_cid_said_twice_is_found(make_site: MakeSite) -> None:
    with make_site("postgres", serve=False) as site:
        site.people("ada", "bob")
        site.run(messages.everything)
        site.run(damage.repeat_a_cid)
        assert "is used 4 times" in site.manage("verify").stdout


def test_it_holds_nobody_up(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada", "bob")
        site.run(messages.everything)
        writer = sqlite3.connect(site.folder / "chat.sqlite3", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        assert site.manage("verify").returncode == 0, "nor does it wait for who writes"
        writer.execute("ROLLBACK")


def test_a_database_that_cannot_be_read_is_named(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        (site.folder / "chat.sqlite3").write_bytes(b"no database at all" * 1000)
        broken = site.manage("verify")
        assert broken.returncode == 2
        assert "DATABASE_URL" in broken.stderr
        assert "Traceback" not in broken.stderr
