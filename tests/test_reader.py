"""What the reader's SQL makes of rows is what the rows say, read by the ORM."""

import pytest

from tests.conftest import MakeSite
from tests.programs import reading


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_is_read_is_what_the_rows_say(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.manage("seed_demo", "--messages", "1500").check_returncode()
        assert site.run(reading.compare) == [[], 1500, 2]


def test_a_page_asks_only_for_the_parts_that_its_messages_have(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        ada = site.people("ada")["ada"]
        plain, reacted, both, plain_again = site.run(reading.count_parts, ada)
        assert plain == [1, [[], []], [[], []]]
        assert reacted == [2, [["👍"], []], [[], []]]
        assert both == [3, [["👍"], [], []], [[], [], [ada]]]
        assert plain_again == [1, [[], [], []], [[], [], []]]


def test_nobody_has_no_rooms(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        assert site.run(reading.rooms_of_nobody) == {}
