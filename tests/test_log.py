"""The log under concurrent writers in several operating-system processes."""

import uuid

import pytest

from tests.conftest import MakeSite
from tests.programs import deciding, messages, rooms, writing
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
        person = site.people("ada", "bob")["ada"]
        counted = site.run(writing.count_statements, person)
        # BEGIN, COMMIT; rooms, people and cids are read; rooms, messages and marks written.
        assert counted["send"] == [8, 8]
        assert counted["send and name"] == [10, 10]
        assert counted["answer"] == [9]
        assert counted["react"] == [10, 10]
        # The second time one of them forgets whom it named before.
        assert counted["edit"] == [12, 13]
        assert counted["delete"] == [11, 11]
        assert counted["read"] == [4]
        for kind in ("history", "sync", "members"):
            # One for who asks, one for the rows; one for what some of the messages name.
            assert counted[kind][0] <= counted[kind][1] <= 3
        # The people of direct rooms are one query more, however many rooms there are.
        assert counted["hello"] == [2, 3]


def test_an_inactive_person_writes_nothing_and_is_not_named(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        eve = site.people("ada", "bob", "eve")["eve"]
        assert site.run(deciding.write_as_inactive) == [["forbidden"] * 5, [eve], 1]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_private_room_names_its_members_alone(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        people = site.people("ada", "bob", "eve")
        shown, stored = site.run(deciding.name_people)
        bob, eve = people["bob"], people["eve"]
        assert shown == [[[bob], 1], [[bob], 1], [[bob, eve], 2]]
        assert stored == [bob]


def test_a_message_answers_only_messages_of_its_room(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        assert site.run(deciding.refer) == [["ack", "not_found", "not_found"] * 2, 3]


def test_a_cid_means_one_room_text_and_reference(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        assert site.run(deciding.repeat_a_cid) == ["ack", "ack", *["conflict"] * 4]


def test_the_system_needs_no_membership_and_says_nothing(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada")
        told, codes, version = site.run(deciding.write_as_system)
        assert told == [2, 3]
        assert codes == [*["forbidden"] * 4, "not_found"]
        assert version == 3


def test_read_marks_never_move_back(make_site: MakeSite) -> None:
    """Nor if another process has read further since this one looked."""
    with make_site("sqlite", serve=False) as site:
        site.people("ada", "bob")
        assert site.run(deciding.read_backwards) == [4, 4, 4, 0]


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_a_batch_tells_is_what_it_wrote(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        site.people("ada", "bob", "eve")
        same, rows_of_the_deleted, bits, codes = site.run(deciding.change_together)
        assert same
        assert rows_of_the_deleted == [0, 0]
        assert bits == [1 | 2, 0, 2]
        assert codes == ["ack"] * 8 + ["not_found", "ack"]


def test_a_message_has_at_most_fifty_different_emoji(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        site.people("ada", "bob")
        codes = [*["ack"] * 50, "invalid", "ack"]
        assert site.run(deciding.react_with_many) == [codes, 50]
