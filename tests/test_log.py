"""The log under concurrent writers in several operating-system processes."""

import uuid

import pytest

from tests.conftest import MakeSite
from tests.site import printed

WRITE = """
import random, uuid
rng = random.Random(SEED)
rooms = list(Room.objects.order_by("pk").values_list("pk", flat=True))
acks = []
for _ in range(ROUNDS):
    batch = [
        log.Request(USER, protocol.Send(n, rng.choice(rooms), uuid.UUID(int=rng.getrandbits(128)), f"{SEED} {n}"))
        for n in range(rng.randint(1, 8))
    ]
    batch += [log.Request(USER, protocol.React(9, ack["id"], "👍", rng.random() < 0.5)) for ack in acks[-2:]]
    batch += [log.Request(USER, protocol.Edit(9, ack["id"], f"edited {rng.random()}")) for ack in acks[-1:]]
    for request, answer in zip(batch, log.commit(batch).answers):
        assert isinstance(answer, protocol.Ack), answer
        if isinstance(request.command, protocol.Send):
            acks.append({"id": answer.id, "room": answer.room, "seq": answer.seq})
print(json.dumps(acks))
"""

CHECK = """
from collections import Counter
wrong = []
for room in Room.objects.all():
    seqs = sorted(room.messages.values_list("seq", flat=True))
    if seqs != list(range(1, room.seq + 1)):
        wrong.append([room.slug, "seq", seqs[:5], room.seq])
    versions = [v for v in room.messages.values_list("version", flat=True)]
    if len(set(versions)) != len(versions) or (versions and max(versions) != room.version):
        wrong.append([room.slug, "version"])
    order = list(room.messages.order_by("pk").values_list("seq", flat=True))
rows = {str(m.pk): [m.room_id, m.seq] for m in Message.objects.all()}
print(json.dumps([wrong, rows]))
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_concurrent_writers_leave_no_hole(make_site: MakeSite, database: str) -> None:
    with make_site(database, serve=False) as site:
        people = site.people("ada", "bob", "eve", "kim")
        site.run(
            """
for name in ("One", "Two"):
    room = members.create_room(Person.objects.get(handle="ada"), name, "public")
    for person in Person.objects.all():
        members.join(person, room)
"""
        )
        writers = [
            site.start(WRITE, SEED=seed, USER=user, ROUNDS=25)
            for seed, user in enumerate(people.values())
        ]
        acks = [ack for writer in writers for ack in printed(writer)]
        wrong, rows = site.run(CHECK)
        assert wrong == []
        assert len(acks) == len(rows)
        assert {str(ack["id"]): [ack["room"], ack["seq"]] for ack in acks} == rows


SAME = """
import uuid
cid = uuid.UUID(CID)
answers = []
for _ in range(50):
    commit = log.commit([log.Request(USER, protocol.Send(1, ROOM, cid, "once"))])
    answers += [[a.id, a.seq, a.version, a.created_at] for a in commit.answers]
print(json.dumps(answers))
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_one_cid_a_hundred_times_through_two_processes_is_one_message(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database, serve=False) as site:
        user = site.people("ada")["ada"]
        for _ in range(3):
            cid = str(uuid.uuid4())
            two = [site.start(SAME, CID=cid, USER=user, ROOM=1) for _ in range(2)]
            acks = [tuple(ack) for process in two for ack in printed(process)]
            assert len(acks) == 100
            assert len(set(acks)) == 1
        assert site.run("print(json.dumps(Message.objects.count()))") == 3


OTHER_ROOM = """
import uuid
answers = []
for n in range(60):
    cid = uuid.UUID(int=n + 1)
    [answer] = log.commit([log.Request(USER, protocol.Send(1, ROOM, cid, "x"))]).answers
    answers.append(answer.id if isinstance(answer, protocol.Ack) else answer.code)
print(json.dumps(answers))
"""


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_one_cid_in_two_rooms_at_once_is_one_message_and_a_conflict(
    make_site: MakeSite, database: str
) -> None:
    with make_site(database, serve=False) as site:
        user = site.people("ada")["ada"]
        other = site.run(
            "room = members.create_room(Person.objects.get(), 'Two', 'public')\n"
            "print(json.dumps(room.pk))"
        )
        two = [site.start(OTHER_ROOM, USER=user, ROOM=room) for room in (1, other)]
        one, another = (printed(process) for process in two)
        for a, b in zip(one, another, strict=True):
            assert sorted([isinstance(a, int), isinstance(b, int)]) == [False, True]
            assert "conflict" in (a, b)
        wrong, rows = site.run(CHECK)
        assert wrong == []
        assert len(rows) == 60


QUERIES = """
import uuid
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rooms.reading import queries

def batch(size):
    return [log.Request(USER, protocol.Send(1, 1, uuid.uuid4(), f"@ada {n}")) for n in range(size)]

def count(work):
    with CaptureQueriesContext(connection, ) as queries:
        work()
    return len(queries)

log.commit(batch(1))
write = [count(lambda: log.commit(batch(size))) for size in (1, 100)]
read = [
    [count(lambda: queries.history(USER, protocol.History(1, 1, limit=limit))) for limit in (1, 100)],
    [count(lambda: queries.sync(USER, protocol.Sync(1, 1, version))) for version in (100, 1)],
    [count(lambda: queries.members(USER, protocol.Members(1, 1, limit=limit), ())) for limit in (1, 50)],
]
few = count(lambda: queries.hello(USER))
for n in range(10):
    members.create_room(Person.objects.get(pk=USER), f"Room {n}", "public")
    other = Person.of(User.objects.create(username=f"user{n}"))
    members.direct_room(Person.objects.get(pk=USER), [other.pk])
print(json.dumps([write, *read, [few, count(lambda: queries.hello(USER))]]))
"""


def test_no_query_for_each_row_or_room(make_site: MakeSite) -> None:
    with make_site("sqlite", serve=False) as site:
        user = site.people("ada", "bob")["ada"]
        write, history, sync, members, hello = site.run(QUERIES, USER=user)
        # SQLite takes so many variables in one statement: 100 rows are two.
        assert write[1] <= write[0] + 2 <= 14
        assert history[0] == history[1] <= 6
        assert sync[0] == sync[1] <= 7
        assert members[0] == members[1] <= 3
        # The people of direct rooms are one query more, however many rooms there are.
        assert hello[1] <= hello[0] + 1 <= 5
