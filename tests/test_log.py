"""The log under concurrent writers in several operating-system processes."""

import uuid

import pytest

from tests.conftest import MakeSite
from tests.programs import messages, rooms, writing
from tests.site import returned


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_concurrent_writers_leave_no_hole(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        people = site.people("ada", "bob", "eve", "kim")
        site.run(rooms.create_for_all, people["ada"], ["One", "Two"])
        writers = [
            site.start(writing.write_at_random, seed, user, rounds=25)
            for seed, user in enumerate(people.values())
        ]
        acks = [ack for writer in writers for ack in returned(writer)]
        wrong, rows = site.run(writing.check)
        assert wrong == []
        assert len(acks) == len(rows)
        assert {str(ack["id"]): [ack["room"], ack["seq"]] for ack in acks} == rows


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_one_cid_a_hundred_times_through_two_processes_is_one_message(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database, serve=False) as site:
        user = site.people("ada")["ada"]
        for _ in range(3):
            cid = str(uuid.uuid4())
            two = [site.start(writing.send_one_often, cid, user, times=50) for _ in range(2)]
            acks = [tuple(ack) for process in two for ack in returned(process)]
            assert len(acks) == 100
            assert len(set(acks)) == 1
        assert site.run(messages.count) == 3


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_one_cid_in_two_rooms_at_once_is_one_message_and_a_conflict(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database, serve=False) as site:
        user = site.people("ada")["ada"]
        other = site.run(rooms.create, user, "Two")
        two = [site.start(writing.send_numbered, user, room, number=60) for room in (1, other)]
        one, another = (returned(process) for process in two)
        for a, b in zip(one, another, strict=True):
            assert sorted([isinstance(a, int), isinstance(b, int)]) == [False, True]
            assert "conflict" in (a, b)
        wrong, rows = site.run(writing.check)
        assert wrong == []
        assert len(rows) == 60


def test_no_query_for_each_row_or_room(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        user = site.people("ada", "bob")["ada"]
        counted = site.run(writing.count_statements, user)
        # SQLite takes so many variables in one statement: 100 rows are two.
        assert counted["write"][1] <= counted["write"][0] + 2 <= 14
        assert counted["history"][0] == counted["history"][1] <= 6
        assert counted["sync"][0] == counted["sync"][1] <= 7
        assert counted["members"][0] == counted["members"][1] <= 3
        # The people of direct rooms are one query more, however many rooms there are.
        assert counted["hello"][1] <= counted["hello"][0] + 1 <= 5
