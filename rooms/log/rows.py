"""The rows that the log reads and writes: one statement for all of a batch."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from rooms import protocol
from rooms.database.statements import execute, fetch, flat, listed, table
from rooms.models.membership import MODERATORS
from rooms.reading.mentions import Mentions
from rooms.reading.state import MessageRow, person_state


@dataclass(slots=True)
class LockedRoom:
    """A locked room. `seq` and `version` advance as the batch takes numbers."""

    id: int
    kind: str
    seq: int
    version: int
    archived: bool


@dataclass(slots=True, eq=False)
class Member:
    """A membership. `read_seq` advances as the person reads."""

    id: int
    room_id: int
    person_id: int
    role: str
    read_seq: int

    @property
    def may_moderate(self) -> bool:
        return self.role in MODERATORS


class NewMessage(MessageRow, kw_only=True):
    """A message that the batch adds. Its id is 0 until it is inserted."""

    digest: str


class Said(NamedTuple):
    """The message that an earlier attempt with the same cid wrote."""

    id: int
    room_id: int
    seq: int
    version: int
    digest: str
    created_at: datetime


def _uuid() -> Callable[[UUID], Any]:
    """Returns a function that converts a UUID to a column value."""
    return (lambda cid: cid) if connection.features.has_native_uuid_field else attrgetter("hex")


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


# Reading

_ROOMS = """
    SELECT id, kind, seq, version, archived_at IS NOT NULL,
      (SELECT epoch FROM rooms_place WHERE id = 1)
    FROM rooms_room WHERE id IN ({ids}) ORDER BY id {locking}
"""
_PEOPLE = """
    SELECT pair.column1, person.id, person.handle, person.name,
      member.id, member.role, member.read_seq
    FROM {pairs} AS pair
    JOIN rooms_person person ON person.id = pair.column2 AND person.active
    LEFT JOIN rooms_membership member
      ON member.person_id = person.id AND member.room_id = pair.column1
"""
_SAID = """
    SELECT author_id, cid, id, room_id, seq, version, digest, created_at
    FROM {attempts} AS attempt
    JOIN rooms_message ON author_id = attempt.column1 AND cid = attempt.column2
"""
_ROOMS_OF_MESSAGES = "SELECT id, room_id FROM rooms_message WHERE id IN ({ids})"
_NAMED = """
    SELECT name.column1, name.column2, person.id
    FROM {names} AS name
    JOIN rooms_person person ON person.folded = name.column2 AND person.active
    JOIN rooms_room room ON room.id = name.column1
    WHERE room.kind = 'public' OR EXISTS (
      SELECT 1 FROM rooms_membership member
      WHERE member.room_id = room.id AND member.person_id = person.id)
"""
# Names per statement: SQLite allows 32,766 variables.
MAX_NAMES = 10_000


def rooms_of_messages(ids: Collection[int]) -> dict[int, int]:
    """Returns the room of each existing message. It never changes."""
    return dict(fetch(_ROOMS_OF_MESSAGES.format(ids=listed(ids)))) if ids else {}


def named(names: Collection[tuple[int, str]]) -> dict[int, dict[str, int]]:
    """Returns the people that may be mentioned, for pairs of room and folded handle.

    Active people; in a private or direct room only members. The result is by room and handle.
    """
    people: dict[int, dict[str, int]] = {}
    pairs = list(names)
    for start in range(0, len(pairs), MAX_NAMES):
        some = pairs[start : start + MAX_NAMES]
        for room_id, name, person_id in fetch(_NAMED.format(names=table(len(some), 2)), flat(some)):
            people.setdefault(room_id, {})[name] = person_id
    return people


def rooms(ids: Collection[int], lock: bool) -> tuple[dict[int, LockedRoom], str | None]:
    """Returns the rooms, and the epoch if any room was found.

    Locks in the order of ids, so that two processes cannot deadlock.
    """
    if not ids:
        return {}, None
    # SQLite's transaction already holds its only lock.
    locking = "FOR NO KEY UPDATE" if lock and connection.features.has_select_for_update else ""
    found, epoch = {}, None
    for id, kind, seq, version, archived, text in fetch(
        _ROOMS.format(ids=", ".join(["%s"] * len(ids)), locking=locking), [*ids]
    ):
        found[id] = LockedRoom(id, kind, seq, version, bool(archived))
        epoch = epoch or str(UUID(str(text)))
    return found, epoch


def people(
    pairs: Collection[tuple[int, int]],
) -> tuple[dict[int, protocol.Person], dict[tuple[int, int], Member]]:
    """For pairs of room and person, returns the active people and the memberships."""
    persons: dict[int, protocol.Person] = {}
    members: dict[tuple[int, int], Member] = {}
    if not pairs:
        return persons, members
    for room_id, person_id, handle, name, *member in fetch(
        _PEOPLE.format(pairs=table(len(pairs), 2)), flat(pairs)
    ):
        if person_id not in persons:
            persons[person_id] = person_state(person_id, handle, name)
        if member[0] is not None:
            id, role, read_seq = member
            members[room_id, person_id] = Member(id, room_id, person_id, role, read_seq)
    return persons, members


def said(attempts: Collection[tuple[int, UUID]]) -> dict[tuple[int, UUID], Said]:
    """Returns the attempts, given as author and cid, that were committed before."""
    if not attempts:
        return {}
    uuid = _uuid()
    values = flat((author_id, uuid(cid)) for author_id, cid in attempts)
    found = {}
    for author_id, cid, id, room_id, seq, version, digest, created_at in fetch(
        _SAID.format(attempts=table(len(attempts), 2)), values
    ):
        # SQLite has 32 hex digits, and naive datetimes in UTC.
        cid = cid if isinstance(cid, UUID) else UUID(cid)
        moment = created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC)
        found[author_id, cid] = Said(id, room_id, seq, version, digest, moment)
    return found


# Writing

_INSERT = """
    INSERT INTO rooms_message (room_id, seq, version, author_id, cid, digest, body, html,
      reply_to_id, thread_id, parts, created_at)
    {messages} RETURNING room_id, seq, id
"""
_MOVE_ROOMS = """
    UPDATE rooms_room SET seq = moved.column2, version = moved.column3
    FROM {moved} AS moved WHERE rooms_room.id = moved.column1
"""
_MOVE_MESSAGES = """
    UPDATE rooms_message SET version = moved.column2, parts = moved.column3
    FROM {moved} AS moved WHERE rooms_message.id = moved.column1
"""
_EDIT = """
    UPDATE rooms_message SET body = edited.column2, html = edited.column3, edited_at = %s
    FROM {edited} AS edited WHERE rooms_message.id = edited.column1
"""
_EMPTY = "UPDATE rooms_message SET body = '', html = '', deleted_at = %s WHERE id IN ({ids})"
# Never back, even if another process has read further meanwhile.
_MOVE_MARKS = """
    UPDATE rooms_membership SET read_seq = moved.column2
    FROM {moved} AS moved
    WHERE rooms_membership.id = moved.column1 AND rooms_membership.read_seq < moved.column2
"""
_MENTION = "INSERT INTO rooms_mention (message_id, person_id, room_id, seq) {mentions}"


def _values(rows: int, columns: int) -> str:
    """Placeholders like `table`, but for INSERT."""
    return table(rows, columns)[1:-1]


def insert(messages: Sequence[NewMessage], now: datetime) -> None:
    """Raises IntegrityError if another process has just committed one of the cids."""
    if not messages:
        return
    uuid, moment = _uuid(), _moment(now)
    values = flat(
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
            message.parts,
            moment,
        )
        for message in messages
    )
    rows = fetch(_INSERT.format(messages=_values(len(messages), 12)), values)
    ids = {(room_id, seq): id for room_id, seq, id in rows}
    for message in messages:
        message.id = ids[message.room_id, message.seq]


def mention(messages: Iterable[MessageRow]) -> None:
    """Stores the mentions of these messages."""
    values = [
        (message.id, person_id, message.room_id, message.seq)
        for message in messages
        for person_id in Mentions.of(message) or ()
    ]
    for start in range(0, len(values), MAX_NAMES // 2):
        some = values[start : start + MAX_NAMES // 2]
        execute(_MENTION.format(mentions=_values(len(some), 4)), flat(some))


def move_rooms(moved: Collection[LockedRoom]) -> None:
    if moved:
        values = flat((room.id, room.seq, room.version) for room in moved)
        execute(_MOVE_ROOMS.format(moved=table(len(moved), 3)), values)


def move_messages(moved: Collection[MessageRow]) -> None:
    if moved:
        values = flat((message.id, message.version, message.parts) for message in moved)
        execute(_MOVE_MESSAGES.format(moved=table(len(moved), 3)), values)


def edit(messages: Collection[MessageRow], now: datetime) -> None:
    if messages:
        values = flat((message.id, message.body, message.html) for message in messages)
        execute(_EDIT.format(edited=table(len(messages), 3)), [_moment(now), *values])


def empty(ids: Collection[int], now: datetime) -> None:
    if ids:
        execute(_EMPTY.format(ids=listed(ids)), [_moment(now)])


def move_marks(moved: Collection[Member]) -> None:
    if moved:
        values = flat((member.id, member.read_seq) for member in moved)
        execute(_MOVE_MARKS.format(moved=table(len(moved), 2)), values)
