"""Reads of sockets: what they see belongs together."""

from typing import Any

import pytest

from tests.conftest import MakeSite
from tests.programs import reading, writing


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_read_sees_one_moment_and_holds_no_writer(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada")
        assert site.run(reading.read_twice) == [[0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(
    ("database", "durable"),
    # 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
    [
        ("sqlite", ["wal", 2]),
        ("postgres", ["on"]),
    ],
)
def test_every_thread_commits_to_disk(
    make_site: MakeSite, database: str, durable: list[Any]
) -> None:
    with make_site(database, serve=False) as site:
        person = site.people("ada")["ada"]
        asked = site.run(writing.ask_how_threads_commit, person)
        assert asked.keys() == {"MainThread", "reader", "writer"}
        assert asked == dict.fromkeys(asked, durable)
