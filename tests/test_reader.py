"""The reader's SQL agrees with the rows as read by the ORM."""

import pytest

from tests.conftest import MakeSite
from tests.programs import reading


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_reads_match_the_orm(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.manage("seed_demo", "--messages", "1500").check_returncode()
        assert site.run(reading.compare) == [[], 1500, 2]


def test_page_loads_only_the_parts_its_messages_have(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        ada = site.people("ada")["ada"]
        plain, reacted, both, plain_again = site.run(reading.count_parts, ada)
        assert plain == [1, [[], []], [[], []]]
        assert reacted == [2, [["👍"], []], [[], []]]
        assert both == [3, [["👍"], [], []], [[], [], [ada]]]
        assert plain_again == [1, [[], [], []], [[], [], []]]


def test_no_people_have_no_rooms(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        assert site.run(reading.rooms_of_nobody) == {}
