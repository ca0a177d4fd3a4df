"""Reads of sockets: what they see belongs together."""

import pytest

from tests.conftest import MakeSite
from tests.programs import reading


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_read_sees_one_moment_and_holds_no_writer(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada")
        assert site.run(reading.read_twice) == [[0, 0, 0], [1, 1, 1]]
