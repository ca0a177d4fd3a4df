"""The wire representation of people, messages and rooms, each in one place.

Uses handwritten SQL and turns rows directly into frames. Measured: the ORM takes ten times as long
to build a query as the database to answer it, and with objects for 500 messages, garbage collection
takes longer than everything else.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import UNSET, Struct

from rooms import protocol
from rooms.database.statements import fetch, listed
from rooms.models import Kind, Person
from rooms.reading import parts

# People


def person(row: Person) -> protocol.Person:
    return person_state(row.pk, row.handle, row.name)


def person_state(id: int, handle: str, name: str) -> protocol.Person:
    return protocol.Person(id, handle, name or handle)


_PEOPLE = "SELECT id, handle, name FROM rooms_person WHERE id IN ({ids})"


def people(ids: Collection[int]) -> dict[int, protocol.Person]:
    """One query, or none if `ids` is empty."""
    rows = fetch(_PEOPLE.format(ids=listed(ids))) if ids else []
    return {id: person_state(id, *names) for id, *names in rows}


_WHO = """
    SELECT place.epoch, person.id, person.handle, person.name
    FROM rooms_place place JOIN rooms_person person ON person.id = %s
    WHERE place.id = 1
"""


def epoch_and_person(person_id: int) -> tuple[str, protocol.Person]:
    [(epoch, *facts)] = fetch(_WHO, [person_id])
    return str(UUID(str(epoch))), person_state(*facts)


# Messages


_NOTHING: dict[str, Any] = {}


class MessageRow(Struct, gc=False, eq=False):
    """A message while it is read, changed and encoded. Times are in the wire's format.

    `parts` has the bits of its parts, `shown` their values by field, if known.
    """

    id: int
    room_id: int
    seq: int
    version: int
    author: protocol.Person
    cid: UUID
    body: str
    html: str
    created_at: str
    edited_at: str | None = None
    deleted: bool = False
    reply_to: int | None = None
    thread: int | None = None
    parts: int = 0
    shown: dict[str, Any] | None = None


def message(row: MessageRow) -> protocol.MessageState:
    """Returns the state of a message, with the parts in `shown`."""
    return protocol.registry.message(
        id=row.id,
        seq=row.seq,
        version=row.version,
        cid=row.cid,
        author=row.author,
        body=row.body,
        html=row.html,
        created_at=row.created_at,
        edited_at=row.edited_at,
        deleted=row.deleted,
        reply_to=row.reply_to,
        thread=row.thread,
        **(row.shown or _NOTHING),
    )


_MESSAGES = """
    SELECT message.id, message.room_id, message.seq, message.version,
      person.id, person.handle, person.name, message.cid, message.body, message.html,
      message.created_at, message.edited_at, message.deleted_at,
      message.reply_to_id, message.thread_id, message.parts
    FROM rooms_message message
    JOIN rooms_person person ON person.id = message.author_id
    WHERE {which} ORDER BY message.room_id, message.seq
"""


def page(room_id: int, first: int, last: int) -> list[protocol.MessageState]:
    """Returns the messages of a room with seqs from `first` to `last`, by seq.

    One query, and one for each part that any of them has.
    """
    return _messages("message.room_id = %s AND message.seq BETWEEN %s AND %s", room_id, first, last)


def changed(room_id: int, version: int) -> list[protocol.MessageState]:
    """Returns a room's messages that changed after `version`, by seq. Queries as in `page`."""
    return _messages("message.room_id = %s AND message.version > %s", room_id, version)


def _messages(which: str, *values: int) -> list[protocol.MessageState]:
    rows = _rows(which, *values)
    parts.load(rows)
    return [message(row) for row in rows]


def rows_of(ids: Collection[int]) -> list[MessageRow]:
    """Returns these messages, without the values of their parts. At most one query."""
    return _rows(f"message.id IN ({listed(ids)})") if ids else []


def _rows(which: str, *values: int) -> list[MessageRow]:
    people: dict[int, protocol.Person] = {}
    found = []
    for id, room_id, seq, version, person_id, handle, name, cid, body, html, *rest in fetch(
        _MESSAGES.format(which=which), values
    ):
        created_at, edited_at, deleted_at, reply_to, thread, bits = rest
        if person_id not in people:
            people[person_id] = person_state(person_id, handle, name)
        found.append(
            MessageRow(
                id=id,
                room_id=room_id,
                seq=seq,
                version=version,
                author=people[person_id],
                # SQLite has 32 hex digits.
                cid=cid if isinstance(cid, UUID) else UUID(cid),
                body=body,
                html=html,
                created_at=protocol.time(created_at),
                edited_at=protocol.time(edited_at) if edited_at else None,
                deleted=deleted_at is not None,
                reply_to=reply_to,
                thread=thread,
                parts=bits,
            )
        )
    return found


# Rooms


class RoomRow(NamedTuple):
    """A room as a person sees it. Without a role they are not in it."""

    id: int
    slug: str
    name: str
    kind: str
    topic: str
    seq: int
    version: int
    archived: bool  # SQLite has 0 and 1
    role: str | None
    notify: str | None
    read_seq: int | None
    mentions: int


# The fields of RoomRow in order, from tables called `room` and `member`.
ROOM = """
    room.id, room.slug, room.name, room.kind, room.topic, room.seq, room.version,
    room.archived_at IS NOT NULL, member.role, member.notify, member.read_seq,
    (SELECT COUNT(*) FROM rooms_mention mention WHERE mention.person_id = member.person_id
      AND mention.room_id = member.room_id AND mention.seq > member.read_seq)
"""


def room(row: RoomRow, others: Iterable[protocol.Person] = ()) -> protocol.RoomState:
    """Returns the state of a room for a member, with the `others` in a direct room."""
    assert row.role is not None
    assert row.notify is not None
    assert row.read_seq is not None
    return protocol.RoomState(
        id=row.id,
        slug=row.slug,
        name=row.name,
        kind=row.kind,  # type: ignore[arg-type]
        topic=row.topic,
        seq=row.seq,
        version=row.version,
        read_seq=row.read_seq,
        unread=row.seq - row.read_seq,
        mentions=row.mentions,
        role=row.role,  # type: ignore[arg-type]
        notify=row.notify,  # type: ignore[arg-type]
        archived=bool(row.archived),
        people=list(others) if row.kind == Kind.DIRECT else UNSET,
    )


_ROOMS = f"""
    SELECT member.person_id, {ROOM}
    FROM rooms_membership member JOIN rooms_room room ON room.id = member.room_id
    WHERE member.person_id IN ({{people}}) {{only}}
    ORDER BY room.name, room.id
"""
_PEOPLE_OF_ROOMS = """
    SELECT member.room_id, person.id, person.handle, person.name
    FROM rooms_membership member
    JOIN rooms_person person ON person.id = member.person_id
    WHERE member.room_id IN ({rooms})
    ORDER BY person.id
"""


def rooms(person_ids: Collection[int], room_id: int | None) -> dict[int, list[protocol.RoomState]]:
    """Returns the rooms of each person as they see them, or only `room_id`. At most two queries."""
    found: dict[int, list[protocol.RoomState]] = {person_id: [] for person_id in person_ids}
    if not found:
        return found
    only = "" if room_id is None else f"AND room.id = {room_id:d}"
    rows = [
        (person_id, RoomRow(*facts))
        for person_id, *facts in fetch(_ROOMS.format(people=listed(found), only=only))
    ]
    direct: dict[int, list[protocol.Person]] = {
        row.id: [] for _person_id, row in rows if row.kind == Kind.DIRECT
    }
    if direct:
        for direct_id, *facts in fetch(_PEOPLE_OF_ROOMS.format(rooms=listed(direct))):
            direct[direct_id].append(person_state(*facts))
    for person_id, row in rows:
        others = (other for other in direct.get(row.id, ()) if other.id != person_id)
        found[person_id].append(room(row, others))
    return found
