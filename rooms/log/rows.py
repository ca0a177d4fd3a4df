"""The rows that `rooms.log` decides on and writes: a statement for all that a batch wants.

SQL by hand: measured, a batch spent nine tenths of its time in the ORM. Every statement is one
that SQLite and PostgreSQL understand alike.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from rooms import protocol
from rooms.database.statements import fetch
from rooms.models.membership import MODERATORS


@dataclass(slots=True)
class Room:
    """A room under its lock; `seq` and `version` go on as the batch takes numbers."""

    id: int
    kind: str
    seq: int
    version: int
    archived: bool


@dataclass(slots=True, eq=False)
class Member:
    """A membership; `read_seq` goes on as its person reads."""

    id: int
    room_id: int
    person_id: int
    role: str
    read_seq: int

    @property
    def may_moderate(self) -> bool:
        return self.role in MODERATORS


class Said(NamedTuple):
    """What an attempt to say something became."""

    id: int
    room_id: int
    seq: int
    version: int
    digest: str
    created_at: datetime


@dataclass(slots=True)
class New:
    """A message that the batch adds; `id` is known when its row is there."""

    room_id: int
    seq: int
    version: int
    author: protocol.Person
    cid: UUID
    digest: str
    body: str
    html: str
    reply_to: int | None
    thread: int | None
    mentions: set[int]
    id: int = 0


def _table(rows: int, columns: int) -> str:
    """VALUES for so many rows; both databases call the columns column1, column2 …"""
    row = f"({', '.join(['%s'] * columns)})"
    return f"(VALUES {', '.join([row] * rows)})"


def _flat(rows: Iterable[Iterable[Any]]) -> list[Any]:
    return [value for row in rows for value in row]


def _uuid() -> Callable[[UUID], Any]:
    """What makes of a UUID the value of a column."""
    return (lambda cid: cid) if connection.features.has_native_uuid_field else attrgetter("hex")


# Reading

_ROOMS = """
    SELECT id, kind, seq, version, archived_at IS NOT NULL,
      (SELECT epoch FROM rooms_place WHERE id = 1)
    FROM rooms_room WHERE id IN ({}) ORDER BY id {}
"""
_PEOPLE = """
    SELECT pair.column1, person.id, person.handle, person.name,
      member.id, member.role, member.read_seq
    FROM {} AS pair
    JOIN rooms_person person ON person.id = pair.column2 AND person.active
    LEFT JOIN rooms_membership member
      ON member.person_id = person.id AND member.room_id = pair.column1
"""
_SAID = """
    SELECT author_id, cid, id, room_id, seq, version, digest, created_at
    FROM {} AS attempt
    JOIN rooms_message ON author_id = attempt.column1 AND cid = attempt.column2
"""


def rooms(ids: Collection[int], lock: bool) -> tuple[dict[int, Room], str | None]:
    """The rooms, and the epoch if there is any.

    In the order of ids, so that two processes never wait for each other in a circle.
    """
    if not ids:
        return {}, None
    # SQLite's transaction holds its one lock already.
    locking = "FOR NO KEY UPDATE" if lock and connection.features.has_select_for_update else ""
    query = _ROOMS.format(", ".join(["%s"] * len(ids)), locking)
    found, epoch = {}, None
    for id, kind, seq, version, archived, text in fetch(query, [*ids]):
        found[id] = Room(id, kind, seq, version, bool(archived))
        epoch = epoch or str(UUID(str(text)))
    return found, epoch


def people(
    pairs: Collection[tuple[int, int]],
) -> tuple[dict[int, protocol.Person], dict[tuple[int, int], Member]]:
    """For pairs of room and person: the active persons, and the pairs that are memberships."""
    persons: dict[int, protocol.Person] = {}
    members: dict[tuple[int, int], Member] = {}
    for room_id, person_id, handle, name, *member in fetch(
        _PEOPLE.format(_table(len(pairs), 2)), _flat(pairs)
    ):
        if person_id not in persons:
            persons[person_id] = protocol.Person(person_id, handle, name or handle)
        if member[0] is not None:
            id, role, read_seq = member
            members[room_id, person_id] = Member(id, room_id, person_id, role, read_seq)
    return persons, members


def said(attempts: Collection[tuple[int, UUID]]) -> dict[tuple[int, UUID], Said]:
    """Which attempts, of author and cid, were committed before."""
    if not attempts:
        return {}
    uuid = _uuid()
    values = _flat((author_id, uuid(cid)) for author_id, cid in attempts)
    found = {}
    for author_id, cid, id, room_id, seq, version, digest, created_at in fetch(
        _SAID.format(_table(len(attempts), 2)), values
    ):
        # SQLite has 32 hex digits, and moments in UTC that do not say so.
        cid = cid if isinstance(cid, UUID) else UUID(cid)
        moment = created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)
        found[author_id, cid] = Said(id, room_id, seq, version, digest, moment)
    return found


# Writing

_INSERT = """
    INSERT INTO rooms_message (room_id, seq, version, author_id, cid, digest, body, html,
      reply_to_id, thread_id, created_at)
    {} RETURNING room_id, seq, id
"""
_MOVE_ROOMS = """
    UPDATE rooms_room SET seq = moved.column2, version = moved.column3
    FROM {} AS moved WHERE rooms_room.id = moved.column1
"""
# Never back, also when another process read further meanwhile.
_MOVE_MARKS = """
    UPDATE rooms_membership SET read_seq = moved.column2
    FROM {} AS moved
    WHERE rooms_membership.id = moved.column1 AND rooms_membership.read_seq < moved.column2
"""


def insert(messages: Sequence[New], created_at: datetime) -> None:
    """Raises IntegrityError where another process has just committed one of the cids."""
    if not messages:
        return
    uuid = _uuid()
    moment = connection.ops.adapt_datetimefield_value(created_at)
    values = _flat(
        (
            message.room_id,
            message.seq,
            message.version,
            message.author.id,
            uuid(message.cid),
            message.digest,
            message.body,
            message.html,
            message.reply_to,
            message.thread,
            moment,
        )
        for message in messages
    )
    table = _table(len(messages), 11).removeprefix("(").removesuffix(")")
    rows = fetch(_INSERT.format(table), values)
    ids = {(room_id, seq): id for room_id, seq, id in rows}
    for message in messages:
        message.id = ids[message.room_id, message.seq]


def move_rooms(moved: Collection[Room]) -> None:
    if moved:
        values = _flat((room.id, room.seq, room.version) for room in moved)
        with connection.cursor() as cursor:
            cursor.execute(_MOVE_ROOMS.format(_table(len(moved), 3)), values)


def move_marks(moved: Collection[Member]) -> None:
    if moved:
        values = _flat((member.id, member.read_seq) for member in moved)
        with connection.cursor() as cursor:
            cursor.execute(_MOVE_MARKS.format(_table(len(moved), 2)), values)
