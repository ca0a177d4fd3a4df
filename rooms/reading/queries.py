"""The reads of a socket: its rooms, a room's history, changes, members.

Every function runs a constant number of queries. Queries check that the person is in the room.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.database.statements import fetch
from rooms.models import Kind, Membership, Place, Room
from rooms.reading import state
from rooms.reading.query import Asker, Denied, Query


def room_ids(person_id: int) -> set[int]:
    return set(Membership.objects.filter(person_id=person_id).values_list("room_id", flat=True))


def rooms_of(
    person_ids: Collection[int], room_id: int | None = None
) -> dict[int, list[protocol.RoomState]]:
    """Returns the rooms of each person as they see them, or only room `room_id`. Two queries."""
    return state.rooms(person_ids, room_id)


def hello(person_id: int) -> protocol.Hello:
    """Returns the first frame of a socket. Two queries, three with direct rooms."""
    epoch, person = state.epoch_and_person(person_id)
    return protocol.Hello(epoch=epoch, person=person, rooms=rooms_of([person_id])[person_id])


@dataclass(frozen=True, slots=True)
class StoredRoom:
    """The version of a room, and its facts, such as its name."""

    version: int
    facts: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class StoredRooms:
    epoch: str
    rooms: dict[int, StoredRoom]


# Maximum number of ids to list in a query. Beyond it, all rooms are read.
MAX_NAMED = 500


def stored_rooms(room_ids: Collection[int]) -> StoredRooms:
    """Reads the versions and facts of rooms. Two queries."""
    rooms = Room.objects.order_by()
    if len(room_ids) <= MAX_NAMED:
        rooms = rooms.filter(pk__in=room_ids)
    rows = rooms.values_list("id", "version", "name", "topic", "kind", "archived_at")
    found = {id: StoredRoom(version, tuple(facts)) for id, version, *facts in rows}
    return StoredRooms(str(Place.get().epoch), found)


@dataclass(frozen=True, slots=True)
class ReadableRoom:
    """A room that the requester may read, with its seq and version."""

    id: int
    kind: str
    seq: int
    version: int


_READABLE = """
    SELECT room.id, room.kind, room.seq, room.version, member.id IS NOT NULL, place.epoch
    FROM rooms_place place
    LEFT JOIN rooms_room room ON room.id = %s
    LEFT JOIN rooms_membership member ON member.room_id = room.id AND member.person_id = %s
    WHERE place.id = 1
"""


def require_member(person_id: int, room_id: int) -> tuple[ReadableRoom, str]:
    """Returns the room, if the person is in it, and the epoch. One query.

    Raises Denied. To others a private room does not exist.
    """
    [(*facts, member, epoch)] = fetch(_READABLE, [room_id, person_id])
    room = ReadableRoom(*facts) if facts[0] is not None else None
    if problem := no_entry(room, bool(member)):
        raise Denied(*problem)
    assert room is not None
    return room, str(UUID(str(epoch)))


class HasKind(Protocol):
    """A room, from any source."""

    @property
    def kind(self) -> str: ...


def no_entry(room: HasKind | None, member: bool) -> protocol.Fault | None:
    """Why somebody may not read or write in a room, or None if they may."""
    if room is None or (not member and room.kind != Kind.PUBLIC):
        return "not_found", _("There is no such room.")
    if not member:
        return "forbidden", _("Join the room first.")
    return None


class SyncQuery(Query[protocol.Sync]):
    """Returns the changes since the client's version."""

    command = protocol.Sync

    @classmethod
    def answer(cls, asker: Asker, command: protocol.Sync) -> protocol.Changes | protocol.Reset:
        room, epoch = require_member(asker.person_id, command.room)
        if (command.epoch or epoch) == epoch and command.version <= room.version:
            found = _changed(room, command.version)
            if found is not None:
                found.ref = command.ref
                return found
        latest = fit(state.page(room.id, room.seq - protocol.PAGE + 1, room.seq), room.seq)
        return protocol.Reset(command.ref, room.id, epoch, room.version, latest)


def changes(room_id: int, version: int) -> protocol.Changes:
    """Returns the changes in a room since a version, for all its members.

    If they do not fit into a frame, the frame has no messages and only announces the version.
    """
    room = Room.objects.get(pk=room_id)
    return _changed(room, version) or protocol.Changes(room.id, room.version, room.version, [])


def _changed(room: Room | ReadableRoom, version: int) -> protocol.Changes | None:
    """Returns None for more than MAX_BEHIND changes, or if they do not fit into a frame."""
    if room.version - version > protocol.MAX_BEHIND:
        return None
    messages = state.changed(room.id, version)
    if len(fit(messages, room.seq)) < len(messages):
        return None
    # The query may see commits made after the head was read, and then sees all of them.
    to = max([room.version, *(message.version for message in messages)])
    return protocol.Changes(room.id, version, to, messages)


def fit(messages: list[protocol.MessageState], wanted: int) -> list[protocol.MessageState]:
    """Returns as many neighbours of the message with seq `wanted` as fit into a frame with it."""
    if protocol.is_small(messages):
        return messages
    first = last = next((i for i, m in enumerate(messages) if m.seq >= wanted), len(messages) - 1)
    space = protocol.MAX_EVENT - protocol.size(messages[first])
    grown = True
    while grown:
        grown = False
        for index in (first - 1, last + 1):
            if 0 <= index < len(messages) and (size := protocol.size(messages[index])) <= space:
                space -= size
                first, last = min(first, index), max(last, index)
                grown = True
    return messages[first : last + 1]


class HistoryQuery(Query[protocol.History]):
    """Returns a page of a room. Seqs have no holes, so a page is a range of them."""

    command = protocol.History

    @classmethod
    def answer(cls, asker: Asker, command: protocol.History) -> protocol.HistoryPage:
        room, _epoch = require_member(asker.person_id, command.room)
        limit = command.limit
        if command.before is not None:
            wanted = last = min(command.before - 1, room.seq)
            first = last - limit + 1
        elif command.after is not None:
            wanted = first = min(command.after, room.seq) + 1
            last = first + limit - 1
        elif command.around is not None:
            wanted = min(command.around, room.seq)
            first = max(1, wanted - limit // 2)
            last = first + limit - 1
        else:
            wanted = last = room.seq
            first = last - limit + 1
        messages = fit(state.page(room.id, first, min(last, room.seq)), wanted)
        if messages:
            first, last = messages[0].seq, messages[-1].seq
        return protocol.HistoryPage(
            ref=command.ref,
            room=room.id,
            version=room.version,
            messages=messages,
            more_before=first > 1 and room.seq > 0,
            more_after=last < room.seq,
        )


class MembersQuery(Query[protocol.Members]):
    """Returns members of a room, by id."""

    command = protocol.Members
    shows_presence = True

    @classmethod
    def answer(cls, asker: Asker, command: protocol.Members) -> protocol.MembersPage:
        room, _epoch = require_member(asker.person_id, command.room)
        rows = (
            Membership.objects.filter(
                room=room.id, person_id__gt=command.after, person__active=True
            )
            .select_related("person")
            .order_by("person_id")[: command.limit + 1]
        )
        people = []
        for row in rows:
            person = state.person(row.person)
            people.append(
                protocol.MemberState(
                    id=person.id,
                    handle=person.handle,
                    name=person.name,
                    avatar=person.avatar,
                    role=row.role,  # type: ignore[arg-type]
                    presence="online" if person.id in asker.online else "offline",
                )
            )
        more = len(people) > command.limit
        return protocol.MembersPage(command.ref, room.id, people[: command.limit], more)
