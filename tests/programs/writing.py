"""Several processes write to one log; and how many statements reading and writing take."""

import asyncio
import random
import threading
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from rooms import members, protocol
from rooms.database.threads import read
from rooms.live.process import Process
from rooms.log import batch as log
from rooms.models import Message, Person, Room
from rooms.reading import queries
from rooms.reading.query import Asker


def write_at_random(seed: int, person: int, rounds: int) -> list[dict[str, Any]]:
    """Sends in all rooms, with reactions and edits; what was acked."""
    rng = random.Random(seed)
    rooms = list(Room.objects.order_by("pk").values_list("pk", flat=True))
    acks: list[dict[str, Any]] = []
    for _ in range(rounds):
        commands: list[Any] = [
            protocol.Send(n, rng.choice(rooms), uuid.UUID(int=rng.getrandbits(128)), f"{seed} {n}")
            for n in range(rng.randint(1, 8))
        ]
        for ack in acks[-2:]:
            commands.append(protocol.React(9, ack["id"], "👍", rng.random() < 0.5))
        for ack in acks[-1:]:
            commands.append(protocol.Edit(9, ack["id"], f"edited {rng.random()}"))
        answers = log.commit([log.Request(person, command) for command in commands]).answers
        for command, answer in zip(commands, answers, strict=True):
            assert isinstance(answer, protocol.Ack), answer
            if isinstance(command, protocol.Send):
                acks.append({"id": answer.id, "room": answer.room, "seq": answer.seq})
    return acks


def check() -> tuple[list[Any], dict[int, tuple[int, int]]]:
    """Holes and doubles in seqs and versions; each message's room and seq."""
    wrong: list[Any] = []
    for room in Room.objects.all():
        seqs = sorted(room.messages.values_list("seq", flat=True))
        if seqs != list(range(1, room.seq + 1)):
            wrong.append([room.slug, "seq", seqs[:5], room.seq])
        versions = list(room.messages.values_list("version", flat=True))
        if len(set(versions)) != len(versions) or (versions and max(versions) != room.version):
            wrong.append([room.slug, "version"])
    return wrong, {message.pk: (message.room_id, message.seq) for message in Message.objects.all()}


def send_one_often(cid: str, person: int, times: int) -> list[Any]:
    """The same message again and again; what each ack says."""
    answers: list[Any] = []
    for _ in range(times):
        send = protocol.Send(1, 1, uuid.UUID(cid), "once")
        [ack] = log.commit([log.Request(person, send)]).answers
        assert isinstance(ack, protocol.Ack), ack
        answers.append([ack.id, ack.seq, ack.version, ack.created_at])
    return answers


def send_numbered(person: int, room: int, number: int) -> list[Any]:
    """Messages with the cids 1, 2, 3 …; the id or the error of each."""
    answers: list[Any] = []
    for n in range(number):
        send = protocol.Send(1, room, uuid.UUID(int=n + 1), "x")
        [answer] = log.commit([log.Request(person, send)]).answers
        answers.append(answer.id if isinstance(answer, protocol.Ack) else answer.code)
    return answers


def count_statements(person: int) -> dict[str, list[int]]:
    """The number of statements for one and for a hundred."""
    asker = Asker(person)

    def sends(size: int, body: str) -> list[protocol.Command]:
        return [protocol.Send(1, 1, uuid.uuid4(), f"{body} {n}") for n in range(size)]

    def count(work: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as captured:
            work()
        return len(captured)

    def write(*commands: protocol.Command) -> int:
        return count(lambda: log.commit([log.Request(person, command) for command in commands]))

    def change(command: Callable[[int], protocol.Command]) -> list[int]:
        return [write(*(command(id) for id in ids[:size])) for size in (1, 100)]

    def history(limit: int) -> int:
        command = protocol.History(1, 1, before=201, limit=limit)
        return count(lambda: queries.HistoryQuery.answer(asker, command))

    def sync(version: int) -> int:
        return count(lambda: queries.SyncQuery.answer(asker, protocol.Sync(1, 1, version)))

    def list_members(limit: int) -> int:
        command = protocol.Members(1, 1, limit=limit)
        return count(lambda: queries.MembersQuery.answer(asker, command))

    def hello() -> int:
        return count(lambda: queries.hello(person))

    write(*sends(100, "plain"))
    ids = list(Message.objects.order_by("seq").values_list("pk", flat=True))
    counted = {
        "send": [write(*sends(size, "plain")) for size in (1, 100)],
        "send and name": [write(*sends(size, "@ada")) for size in (1, 100)],
        "answer": [write(protocol.Send(1, 1, uuid.uuid4(), "so", ids[0]))],
        "react": change(lambda message: protocol.React(1, message, "👍", True)),
        "edit": change(lambda message: protocol.Edit(1, message, f"@ada {uuid.uuid4()}")),
        "delete": change(lambda message: protocol.Delete(1, message)),
        "read": [write(protocol.Read(1, 1, 1000))],
        "history": [history(1), history(100)],
        "sync": [sync(499), sync(103)],
        "members": [list_members(1), list_members(50)],
        "hello": [hello()],
    }
    somebody = Person.objects.get(pk=person)
    for n in range(10):
        members.create_room(somebody, f"Room {n}", "public")
        other = Person.of(User.objects.create(username=f"user{n}"))
        members.direct_room(somebody, [other.pk])
    counted["hello"].append(hello())
    return counted


def ask_how_threads_commit(person: int) -> dict[str, Any]:
    """By thread, after its work: the settings of its connection on which durability depends."""
    opened: dict[str, Any] = {}

    def note(connection: Any, **_signal: Any) -> None:
        opened[threading.current_thread().name.split("_")[0]] = connection

    async def write() -> None:
        written = asyncio.Event()
        command = protocol.Send(1, 1, uuid.uuid4(), "x")
        process = Process()
        process.writer.submit(log.Request(person, command), lambda _answer: written.set())
        await written.wait()
        await process.writer.drain()
        await read(Message.objects.count)

    connection.close()
    connection_created.connect(note)
    connection.ensure_connection()
    asyncio.run(write())
    names = ["PRAGMA journal_mode", "PRAGMA synchronous"]
    if connection.vendor == "postgresql":
        names = ["SHOW synchronous_commit"]
    return {
        thread: [each.connection.execute(name).fetchone()[0] for name in names]
        for thread, each in opened.items()
    }
