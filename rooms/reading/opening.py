"""Data embedded in a room's page, so that it shows the conversation before its socket is open.

Permission to see the room and its version are read for every page, in one query. The messages are
the same for everybody in the room. Their encoded form is cached while the room's version and the
names of the authors stay the same. Parts of messages are read after the messages: they may be
newer than the message's version, which the next `sync` corrects, but never older.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

import msgspec
from django.db import connection

from rooms import protocol
from rooms.database.statements import fetch
from rooms.models import Kind, Person
from rooms.models.person import Account
from rooms.reading import state
from rooms.reading.queries import fit

PAGE = protocol.PAGE
# Messages before and after the one at which the timeline opens. More than a screen of short ones.
CONTEXT = PAGE // 2
# Cache size in bytes. A page of fifty short messages has about 25,000.
MAX_KEPT = 32 * 1024 * 1024
# The `ref` of a frame that answers no command.
REF = "page"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Opening:
    """The subject of a page. `room` is None if this person cannot see it."""

    place: str
    epoch: str
    person: protocol.Person
    room: state.RoomRow | None
    people: tuple[int, ...] = ()  # everybody in a direct room


_OPENING = f"""
    SELECT place.name, place.epoch, person.id, person.handle, person.name,
      room.people_key, {state.ROOM}
    FROM rooms_place place
    LEFT JOIN rooms_person person ON person.user_id = %s
    LEFT JOIN rooms_room room ON room.slug = %s
    LEFT JOIN rooms_membership member ON member.room_id = room.id AND member.person_id = person.id
    WHERE place.id = 1
"""


_ACCOUNT = Person._meta.get_field("user").target_field


def of(user: Account, slug: str | None) -> Opening:
    """Looks up the room with this slug, if any. One query, more for a new person."""
    if slug is not None and "\0" in slug:
        slug = None  # PostgreSQL rejects NUL even in a search.
    values = [_ACCOUNT.get_db_prep_value(user.pk, connection), slug]
    [(place, epoch, id, handle, name, key, *facts)] = fetch(_OPENING, values)
    if id is None:
        Person.of(user)
        return of(user, slug)
    room = state.RoomRow(*facts) if facts[0] is not None else None
    if room is not None and room.role is None and room.kind != Kind.PUBLIC:
        room = None
    return Opening(
        place=place,
        epoch=str(UUID(str(epoch))),
        person=state.person_state(id, handle, name),
        room=room,
        people=tuple(int(person) for person in key.split(",")) if key and room else (),
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """The data of a member's page: the room as in `hello`, and messages as in `history`."""

    room: protocol.RoomState
    messages: bytes


def contents(opening: Opening, at: int | None) -> Contents:
    """Returns the room of `opening` for a member, with messages around seq `at`.

    Without `at`, around the first unread message, or the latest messages if all are read.
    At most two queries, and one for each part that the messages have.
    """
    room = opening.room
    assert room is not None
    assert room.read_seq is not None
    others = [id for id in opening.people if id != opening.person.id]
    wanted = min(at or room.read_seq + 1, room.seq)
    is_near_end = wanted - CONTEXT > room.seq - PAGE
    key = room.id, None if is_near_end else wanted
    kept = shelf.get(key)
    people = state.people({*others, *(kept.authors if kept else ())})
    if kept is None or not kept.holds(opening.epoch, room.version, people):
        kept = _read(opening.epoch, room, key[1])
        shelf.put(key, kept)
    # A member who never posted may since have been deleted.
    return Contents(state.room(room, (people[id] for id in others if id in people)), kept.messages)


People = dict[int, protocol.Person]


@dataclass(frozen=True, slots=True)
class _Kept:
    epoch: str
    version: int
    authors: People
    messages: bytes

    def holds(self, epoch: str, version: int, people: People) -> bool:
        """Whether it is still valid at this version and with these names."""
        return (self.epoch, self.version) == (epoch, version) and all(
            people.get(id) == author for id, author in self.authors.items()
        )


# The room, and the seq that the page is around; None for the latest page.
Key = tuple[int, int | None]


class _Shelf:
    """An LRU cache of pages."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.size = 0
        self._pages: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> _Kept | None:
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def put(self, key: Key, page: _Kept) -> None:
        with self._lock:
            if old := self._pages.pop(key, None):
                self.size -= len(old.messages)
            self._pages[key] = page
            self.size += len(page.messages)
            while self.size > self.capacity:
                _key, old = self._pages.popitem(last=False)
                self.size -= len(old.messages)


shelf = _Shelf(MAX_KEPT)


def _read(epoch: str, room: state.RoomRow, wanted: int | None) -> _Kept:
    """Reads the messages around a seq, or the latest, as a `history` frame."""
    first = max(1, room.seq - PAGE + 1 if wanted is None else wanted - CONTEXT)
    messages = state.page(room.id, first, min(first + PAGE - 1, room.seq))
    messages = fit(messages, room.seq if wanted is None else wanted)
    frame = protocol.HistoryPage(
        ref=REF,
        room=room.id,
        version=room.version,
        messages=messages,
        more_before=bool(messages) and messages[0].seq > 1,
        more_after=bool(messages) and messages[-1].seq < room.seq,
    )
    authors = {message.author.id: message.author for message in messages}
    return _Kept(epoch, room.version, authors, in_page(frame))


def in_page(data: object) -> bytes:
    """Escapes JSON for a <script>, like django.utils.html.json_script."""
    text = _encode(data)
    return text.replace(b"<", b"\\u003C").replace(b">", b"\\u003E").replace(b"&", b"\\u0026")
