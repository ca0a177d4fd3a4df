"""What the reader's SQL makes of rows is what the log tells of the same rows."""

import pytest

from tests.conftest import MakeSite
from tests.programs import reading


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_is_read_is_what_was_told(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.manage("seed_demo", "--messages", "1500").check_returncode()
        assert site.run(reading.compare) == [[], 1500, 2]


def test_nobody_has_no_rooms(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        assert site.run(reading.rooms_of_nobody) == {}
