"""Consistent reads for sockets."""

import pytest

from tests.conftest import MakeSite
from tests.programs import reading


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_read_sees_a_snapshot_and_blocks_no_writer(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada")
        assert site.run(reading.read_twice) == [[0, 0, 0], [1, 1, 1]]
