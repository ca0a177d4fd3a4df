"""Compares what people see with the rows."""

import asyncio
import json
import threading
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rooms import protocol
from rooms.database.threads import read
from rooms.log import batch as log
from rooms.models import Membership, Mention, Message, Person, Room
from rooms.reading import queries, state
from rooms.reading.query import Asker

# Fields of a room as a member sees it, in the order of `_facts`.
FACTS = [
    "slug",
    "name",
    "kind",
    "topic",
    "seq",
    "version",
    "read_seq",
    "unread",
    "mentions",
    "role",
    "notify",
    "archived",
]


def compare() -> tuple[list[str], int, int]:
    """Returns errors in anybody's view, the number of messages, and ada's archived rooms."""
    owner = Asker(Person.objects.get(handle="ada").pk)
    Person.objects.filter(handle="clara").update(name="")
    wrong: list[str] = []
    count = 0
    for room in Room.objects.all():
        rows = Message.objects.filter(room=room).select_related("author").order_by("seq")
        truth = [_told(row) for row in rows.prefetch_related("reactions", "mentions")]
        count += len(truth)
        if _wire(state.page(room.pk, 1, room.seq)) != truth:
            wrong.append(f"messages of {room}")
        if _wire(state.changed(room.pk, 0)) != truth:
            wrong.append(f"all changes of {room}")
        page = queries.HistoryQuery.answer(owner, protocol.History(1, room.pk, after=2, limit=5))
        if _wire(page.messages) != [message for message in truth if 3 <= message["seq"] <= 7]:
            wrong.append(f"page of {room}")
        since = max(0, room.version - 10)
        changes = queries.SyncQuery.answer(owner, protocol.Sync(1, room.pk, since))
        if _wire(changes.messages) != [m for m in truth if m["version"] > since]:
            wrong.append(f"changes of {room}")
    seen = queries.rooms_of(list(Person.objects.values_list("pk", flat=True)))
    for member in Membership.objects.select_related("room", "person"):
        room = member.room
        [shown] = [each for each in seen[member.person_id] if each.id == room.pk]
        if [getattr(shown, name) for name in FACTS] != _facts(member):
            wrong.append(f"{room} as {member.person} sees it")
        if room.kind == "direct":
            others = room.members.exclude(pk=member.person_id).order_by("pk")
            if json.loads(msgspec.json.encode(shown.people)) != [
                _person(other) for other in others
            ]:
                wrong.append(f"people of {room} as {member.person} sees it")
        if queries.rooms_of([member.person_id], room.pk) != {member.person_id: [shown]}:
            wrong.append(f"{room} alone")
    archived = [room for room in queries.hello(owner.person_id).rooms if room.archived]
    return wrong, count, len(archived)


def _wire(messages: Sequence[protocol.MessageState]) -> Any:
    """The messages as on the wire, without capabilities' fields, which have their own tests."""
    ours = protocol.MessageState.__struct_encode_fields__
    shown = json.loads(msgspec.json.encode(messages))
    return [{name: value for name, value in m.items() if name in ours} for m in shown]


def _person(person: Person) -> dict[str, Any]:
    name = person.name or person.handle
    return {"id": person.pk, "handle": person.handle, "name": name}


def _told(row: Message) -> dict[str, Any]:
    """A message's wire form, built from its rows."""
    emoji: dict[str, list[int]] = {}
    for reaction in row.reactions.all():
        emoji.setdefault(reaction.emoji, []).append(reaction.person_id)
    facts = {
        "id": row.pk,
        "seq": row.seq,
        "version": row.version,
        "cid": str(row.cid),
        "author": _person(row.author),
        "body": row.body,
        "html": row.html,
        "created_at": protocol.time(row.created_at),
    }
    may_be_absent = {
        "edited_at": protocol.time(row.edited_at) if row.edited_at else None,
        "deleted": row.deleted,
        "reply_to": row.reply_to_id,
        "thread": row.thread_id,
        "reactions": [{"emoji": one, "people": people} for one, people in emoji.items()],
        "mentions": sorted(mention.person_id for mention in row.mentions.all()),
    }
    return facts | {name: value for name, value in may_be_absent.items() if value}


def _facts(member: Membership) -> list[Any]:
    room = member.room
    mentions = Mention.objects.filter(person=member.person, room=room, seq__gt=member.read_seq)
    facts = [room.slug, room.name, room.kind, room.topic, room.seq, room.version, member.read_seq]
    facts += [room.seq - member.read_seq, mentions.count(), member.role, member.notify]
    return [*facts, room.archived]


def count_parts(person: int) -> list[Any]:
    """Statements and parts for a page of two or three messages as their parts come and go."""

    def write(*commands: protocol.Command) -> list[int]:
        answers = log.commit([log.Request(person, command) for command in commands]).answers
        return [answer.id for answer in answers if isinstance(answer, protocol.Ack) and answer.id]

    def page(last: int) -> list[Any]:
        with CaptureQueriesContext(connection) as captured:
            messages = state.page(1, 1, last)
        emoji = [[reaction.emoji for reaction in message.reactions] for message in messages]
        return [len(captured), emoji, [message.mentions for message in messages]]

    one, _two, three = write(
        *(protocol.Send(1, 1, uuid4(), body) for body in ("one", "two", "three @ada"))
    )
    plain = page(2)
    write(protocol.React(1, one, "👍", True))
    reacted, both = page(2), page(3)
    write(protocol.React(1, one, "👍", False), protocol.Edit(1, three, "three"))
    return [plain, reacted, both, page(3)]


def rooms_of_nobody() -> Any:
    return queries.rooms_of([])


def read_twice() -> list[Any]:
    """(version, messages, version) in one read while somebody writes, and in the next read."""
    ada = Person.objects.get(handle="ada")

    def say() -> None:
        log.commit([log.Request(ada.pk, protocol.Send(1, 1, uuid4(), "meanwhile"))])

    def look() -> tuple[int, int, int]:
        before = Room.objects.get(pk=1).version
        writing = threading.Thread(target=say)
        writing.start()
        writing.join()
        return before, Message.objects.count(), Room.objects.get(pk=1).version

    return [asyncio.run(read(look)), asyncio.run(read(look))]


def count_rooms(name: str) -> tuple[int, int]:
    """The numbers of public rooms, and of somebody's rooms."""
    person = Person.objects.get(handle=name)
    return Room.objects.filter(kind="public").count(), len(queries.hello(person.pk).rooms)
