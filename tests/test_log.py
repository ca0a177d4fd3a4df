"""The log under concurrent writers in several processes."""

import uuid

import pytest

from tests.conftest import MakeSite
from tests.programs import deciding, messages, rooms, writing
from tests.site import returned


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_concurrent_writers_leave_no_holes(make_site: MakeSite, database: str) -> None:
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
def test_repeated_cid_through_two_processes_is_one_message(
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
def test_same_cid_in_two_rooms_is_a_conflict(make_site: MakeSite, database: str) -> None:
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


def test_query_count_does_not_grow_with_rows_or_rooms(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        person = site.people("ada", "bob")["ada"]
        counted = site.run(writing.count_statements, person)
        # BEGIN, COMMIT; reads of rooms, people and cids; writes of rooms, messages and marks.
        assert counted["send"] == [8, 8]
        assert counted["send and name"] == [10, 10]
        assert counted["answer"] == [9]
        assert counted["react"] == [10, 10]
        # The second batch also deletes earlier mentions.
        assert counted["edit"] == [12, 13]
        assert counted["delete"] == [11, 11]
        assert counted["read"] == [4]
        for kind in ("history", "sync", "members"):
            # One for the requester, one for the rows, and one for a part that some messages have.
            assert counted[kind][0] <= counted[kind][1] <= 3
        # The people of direct rooms take one query more, for any number of rooms.
        assert counted["hello"] == [2, 3]


def test_inactive_person_cannot_write_or_be_mentioned(
    make_site: MakeSite,
) -> None:
    with make_site("sqlite", serve=False) as site:
        eve = site.people("ada", "bob", "eve")["eve"]
        seen = [["forbidden"] * 5, [eve], 1, ["ada", "eve"]]
        assert site.run(deciding.write_as_inactive) == seen


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_only_members_are_mentioned_in_a_private_room(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        people = site.people("ada", "bob", "eve")
        shown, stored = site.run(deciding.name_people)
        bob, eve = people["bob"], people["eve"]
        assert shown == [[[bob], 1], [[bob], 1], [[bob, eve], 2]]
        assert stored == [bob]


def test_replies_stay_in_the_room(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        assert site.run(deciding.refer) == [["ack", "not_found", "not_found"] * 2, 3]


def test_cid_covers_room_text_and_references(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        assert site.run(deciding.repeat_a_cid) == ["ack", "ack", *["conflict"] * 5]


def test_system_needs_no_membership_but_cannot_send(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        told, codes, version = site.run(deciding.write_as_system)
        assert told == [2, 3]
        assert codes == [*["forbidden"] * 4, "not_found"]
        assert version == 3


def test_read_marks_never_move_back(make_site: MakeSite) -> None:
    """Not even if another process has read further since this one looked."""
    with make_site("sqlite", serve=False) as site:
        site.people("ada", "bob")
        assert site.run(deciding.read_backwards) == [4, 4, 4, 0]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_broadcast_matches_the_written_rows(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada", "bob", "eve")
        same, rows_of_the_deleted, bits, codes = site.run(deciding.change_together)
        assert same
        assert rows_of_the_deleted == [0, 0]
        assert bits == [1 | 2, 0, 2]
        assert codes == ["ack"] * 8 + ["not_found", "ack"]


def test_message_has_at_most_fifty_different_emoji(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada", "bob")
        codes = [*["ack"] * 50, "invalid", "ack"]
        assert site.run(deciding.react_with_many) == [codes, 50]
