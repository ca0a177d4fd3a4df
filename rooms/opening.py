"""What a room's page brings along, so that it shows the conversation before its socket is open.

Who may see the room and how far it is are read anew for every page, in one query. The messages, the
same for everybody in the room, are kept as bytes for as long as the room has the version that they
were read at and their authors the names that they say. SQL by hand: measured, the ORM takes ten
times as long to put these questions together as the database to answer them.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from uuid import UUID

import msgspec
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User as UserType
from django.db import connection

from rooms import protocol
from rooms.models import Kind
from rooms.reader import fit

User = get_user_model()

PAGE = protocol.PAGE
# Messages before and after the one at which the timeline opens: more than a screen of short ones.
CONTEXT = PAGE // 2
# Bytes of pages kept in this process; a page of fifty short messages has about 25,000.
MAX_KEPT = 32 * 1024 * 1024
# The answer to a question that nobody asked over a socket.
REF = "page"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody's own view of a room."""

    role: str
    notify: str
    read_seq: int
    mentions: int


@dataclass(frozen=True, slots=True)
class Room:
    """A room as it was at one moment. `membership` is None for those who may only join it."""

    id: int
    slug: str
    name: str
    kind: str
    topic: str
    seq: int
    version: int
    archived: bool
    people: tuple[int, ...]  # of a direct room, all of them
    membership: Membership | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a page is about. `room` is None where there is none for this person."""

    place: str
    epoch: str
    user: protocol.Person
    room: Room | None


@cache
def _opening_query() -> str:
    return """
        SELECT place.name, place.epoch, profile.name, room.id, room.slug, room.name, room.kind,
          room.topic, room.seq, room.version, room.archived_at IS NOT NULL, room.people_key,
          member.role, member.notify, member.read_seq,
          (SELECT COUNT(*) FROM rooms_mention mention WHERE mention.user_id = member.user_id
            AND mention.room_id = member.room_id AND mention.seq > member.read_seq)
        FROM rooms_place place
        LEFT JOIN rooms_profile profile ON profile.user_id = %s
        LEFT JOIN rooms_room room ON room.slug = %s
        LEFT JOIN rooms_membership member ON member.room_id = room.id AND member.user_id = %s
        WHERE place.id = 1
    """


def of(user: UserType, slug: str | None) -> Opening:
    """The page of the room with this address, or of none. One query."""
    if slug is not None and "\0" in slug:
        slug = None  # PostgreSQL takes no NUL, not even to look for it.
    with connection.cursor() as cursor:
        cursor.execute(_opening_query(), [user.pk, slug, user.pk])
        place, epoch, name, *row = cursor.fetchone()
    username = user.get_username()
    person = protocol.Person(user.pk, username, name or username)
    return Opening(place, str(UUID(str(epoch))), person, _room(row) if row[0] else None)


def _room(row: list) -> Room | None:
    id, slug, name, kind, topic, seq, version, archived, key, role, notify, read, mentions = row
    if role is None and kind != Kind.PUBLIC:
        return None
    return Room(
        id=id,
        slug=slug,
        name=name,
        kind=kind,
        topic=topic,
        seq=seq,
        version=version,
        archived=bool(archived),
        people=tuple(int(person) for person in key.split(",")) if key else (),
        membership=None if role is None else Membership(role, notify, read, mentions),
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """What a member's page shows: the room as in `hello`, and a page of it as in `history`."""

    room: protocol.RoomState
    messages: bytes


def contents(opening: Opening, at: int | None) -> Contents:
    """The room of `opening`, which somebody is in, around the message with seq `at`.

    Without one around the first unread message or, where nothing is unread, the latest ones.
    At most three queries.
    """
    room = opening.room
    assert room is not None
    assert room.membership is not None
    others = [id for id in room.people if id != opening.user.id]
    wanted = min(at or room.membership.read_seq + 1, room.seq)
    is_near_end = wanted - CONTEXT > room.seq - PAGE
    people, messages = _messages(opening.epoch, room, None if is_near_end else wanted, others)
    return Contents(_state(room, room.membership, [people[id] for id in others]), messages)


def _state(room: Room, membership: Membership, others: list[protocol.Person]) -> protocol.RoomState:
    state = protocol.RoomState(
        id=room.id,
        slug=room.slug,
        name=room.name,
        kind=room.kind,  # type: ignore[arg-type]
        topic=room.topic,
        seq=room.seq,
        version=room.version,
        read_seq=membership.read_seq,
        unread=room.seq - membership.read_seq,
        mentions=membership.mentions,
        role=membership.role,  # type: ignore[arg-type]
        notify=membership.notify,  # type: ignore[arg-type]
        archived=room.archived,
    )
    if room.kind == Kind.DIRECT:
        state.people = others
    return state


People = dict[int, protocol.Person]


@dataclass(frozen=True, slots=True)
class _Page:
    """Messages as they were read, without the names of their authors."""

    rows: list[tuple]
    reactions: dict[int, list[protocol.ReactionState]]
    mentions: dict[int, list[int]]

    @property
    def authors(self) -> set[int]:
        return {row[4] for row in self.rows}

    def encode(self, room: Room, people: People, wanted: int) -> bytes:
        """The `history` frame, ready to stand in a page."""
        messages = fit([self._message(row, people) for row in self.rows], wanted)
        frame = protocol.HistoryPage(
            ref=REF,
            room=room.id,
            version=room.version,
            messages=messages,
            more_before=bool(messages) and messages[0].seq > 1,
            more_after=bool(messages) and messages[-1].seq < room.seq,
        )
        return in_page(frame)

    def _message(self, row: tuple, people: People) -> protocol.MessageState:
        id, seq, version, cid, author, body, html, created, edited, deleted, reply_to, thread = row
        return protocol.MessageState(
            id=id,
            seq=seq,
            version=version,
            cid=UUID(str(cid)),
            author=people[author],
            body=body,
            html=html,
            created_at=_time(created),
            edited_at=_time(edited) if edited else None,
            deleted=deleted is not None,
            reply_to=reply_to,
            thread=thread,
            reactions=self.reactions.get(id, []),
            attachments=[],
            mentions=sorted(self.mentions.get(id, ())),
        )


def _time(moment: datetime) -> str:
    """SQLite gives moments in UTC that do not say so."""
    return protocol.time(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _read(room: Room, wanted: int | None) -> _Page:
    """The messages around a seq, or the latest. Two queries.

    What hangs on messages is read after them: then it may be newer than the version that a message
    says, which the next `sync` mends, but never older.
    """
    first = max(1, room.seq - PAGE + 1 if wanted is None else wanted - CONTEXT)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, seq, version, cid, author_id, body, html, created_at, edited_at, "
            "deleted_at, reply_to_id, thread_id FROM rooms_message "
            "WHERE room_id = %s AND seq >= %s AND seq <= %s ORDER BY seq",
            [room.id, first, min(first + PAGE - 1, room.seq)],
        )
        rows = cursor.fetchall()
        reactions: dict[int, dict[str, list[int]]] = {}
        mentions: dict[int, list[int]] = {}
        if rows:
            ids = [row[0] for row in rows]
            cursor.execute(
                "SELECT message_id, user_id, emoji, id FROM rooms_reaction "
                f"WHERE message_id IN ({_marks(ids)}) UNION ALL "
                "SELECT message_id, user_id, NULL, 0 FROM rooms_mention "
                f"WHERE message_id IN ({_marks(ids)}) ORDER BY 4",
                [*ids, *ids],
            )
            for message, user, emoji, _id in cursor.fetchall():
                if emoji is None:
                    mentions.setdefault(message, []).append(user)
                else:
                    reactions.setdefault(message, {}).setdefault(emoji, []).append(user)
    return _Page(
        rows,
        {
            message: [protocol.ReactionState(emoji, users) for emoji, users in by_emoji.items()]
            for message, by_emoji in reactions.items()
        },
        mentions,
    )


def _marks(values: Collection) -> str:
    return ", ".join(["%s"] * len(values))


def _people(ids: Iterable[int]) -> People:
    """As frames show them. One query, or none for nobody."""
    wanted = list(ids)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT account.id, account.{User.USERNAME_FIELD}, profile.name "
            f"FROM {User._meta.db_table} account "
            "LEFT JOIN rooms_profile profile ON profile.user_id = account.id "
            f"WHERE account.id IN ({_marks(wanted)})",
            wanted,
        )
        rows = cursor.fetchall()
    return {id: protocol.Person(id, username, name or username) for id, username, name in rows}


@dataclass(frozen=True, slots=True)
class _Kept:
    epoch: str
    version: int
    authors: People
    messages: bytes


# A room, and the seq that a page is around; None for the latest page.
Key = tuple[int, int | None]


class _Shelf:
    """Pages of rooms, those longest not asked for making way."""

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


def _messages(
    epoch: str, room: Room, wanted: int | None, others: list[int]
) -> tuple[People, bytes]:
    """A page, and the people who are named in it or among `others`. At most three queries."""
    key = (room.id, wanted)
    kept = shelf.get(key)
    if kept is not None and (kept.epoch, kept.version) == (epoch, room.version):
        people = _people({*kept.authors, *others})
        if all(people.get(id) == author for id, author in kept.authors.items()):
            return people, kept.messages
        page = _read(room, wanted)
    else:
        page = _read(room, wanted)
        people = _people({*page.authors, *others})
    messages = page.encode(room, people, room.seq if wanted is None else wanted)
    authors = {id: people[id] for id in page.authors}
    shelf.put(key, _Kept(epoch, room.version, authors, messages))
    return people, messages


def in_page(data: object) -> bytes:
    """JSON that can stand in a <script> of a page, as django.utils.html.json_script makes it."""
    text = _encode(data)
    return text.replace(b"<", b"\\u003C").replace(b">", b"\\u003E").replace(b"&", b"\\u0026")
