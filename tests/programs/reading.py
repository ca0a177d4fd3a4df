"""What people are shown, compared with the rows that it comes from."""

import asyncio
import threading
from typing import Any
from uuid import uuid4

from rooms import protocol
from rooms.database.threads import read
from rooms.log import batch as log
from rooms.models import Membership, Mention, Message, Person, Room
from rooms.reading import queries, state

# Of a room as somebody sees it: the fields that `_facts` gives in this order.
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
    """What is shown wrong to anybody; the number of messages; ada's archived rooms."""
    owner = Person.objects.get(handle="ada")
    Person.objects.filter(handle="clara").update(name="")
    wrong: list[str] = []
    count = 0
    for room in Room.objects.all():
        told = _told(room)
        count += len(told)
        if state.page(room.pk, 1, room.seq) != told or state.changed(room.pk, 0) != told:
            wrong.append(f"messages of {room}")
        page = queries.history(owner.pk, protocol.History(1, room.pk, after=2, limit=5))
        assert isinstance(page, protocol.HistoryPage)
        if page.messages != [message for message in told if 3 <= message.seq <= 7]:
            wrong.append(f"page of {room}")
        since = max(0, room.version - 10)
        changes = queries.sync(owner.pk, protocol.Sync(1, room.pk, since))
        assert isinstance(changes, protocol.Changes)
        if changes.messages != [message for message in told if message.version > since]:
            wrong.append(f"changes of {room}")
    seen = queries.rooms_of(list(Person.objects.values_list("pk", flat=True)))
    for member in Membership.objects.select_related("room", "person"):
        room = member.room
        [shown] = [each for each in seen[member.person_id] if each.id == room.pk]
        if [getattr(shown, name) for name in FACTS] != _facts(member):
            wrong.append(f"{room} as {member.person} sees it")
        if room.kind == "direct":
            others = room.members.exclude(pk=member.person_id).order_by("pk")
            if shown.people != [state.person(other) for other in others]:
                wrong.append(f"people of {room} as {member.person} sees it")
        if queries.rooms_of([member.person_id], room.pk) != {member.person_id: [shown]}:
            wrong.append(f"{room} alone")
    archived = [room for room in queries.hello(owner.pk).rooms if room.archived]
    return wrong, count, len(archived)


def _told(room: Room) -> list[protocol.MessageState]:
    """The messages as those who were there heard of them."""
    return [
        state.message(
            row, row.reactions.all(), [mention.person_id for mention in row.mentions.all()]
        )
        for row in Message.objects.whole().filter(room=room).order_by("seq")
    ]


def _facts(member: Membership) -> list[Any]:
    room = member.room
    mentions = Mention.objects.filter(person=member.person, room=room, seq__gt=member.read_seq)
    facts = [room.slug, room.name, room.kind, room.topic, room.seq, room.version, member.read_seq]
    facts += [room.seq - member.read_seq, mentions.count(), member.role, member.notify]
    return [*facts, room.archived]


def rooms_of_nobody() -> Any:
    return queries.rooms_of([])


def read_twice() -> list[Any]:
    """(version, messages, version) as seen while somebody writes, in one read and in the next."""
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
    """The public rooms, and those that somebody is in."""
    person = Person.objects.get(handle=name)
    return Room.objects.filter(kind="public").count(), len(queries.hello(person.pk).rooms)
