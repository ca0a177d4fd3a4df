"""The only place where history changes: for sockets, pages, the admin, bots and commands.

`commit` writes the requests of many people in ONE transaction. Under the rooms' row locks it checks
permissions again, takes the next seqs and versions, and writes the rows. Each command is handled
by its verb (`rooms.log.verbs`). `commit` returns an answer for each request and the events to
broadcast; nothing may be answered or broadcast before it has returned.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.log import rows, verbs
from rooms.log.requests import SYSTEM, Answer, Commit, Rejected, Request, Unavailable
from rooms.log.rows import LockedRoom, Member, NewMessage
from rooms.log.texts import Texts
from rooms.log.verbs import Verb
from rooms.reading import parts, state
from rooms.reading.queries import no_entry
from rooms.reading.state import MessageRow

__all__ = ["SYSTEM", "Answer", "Batch", "Commit", "Rejected", "Request", "Unavailable", "commit"]

# Retries of a batch when other processes commit its cids in other rooms first.
MAX_TRIES = 5


def commit(requests: Sequence[Request]) -> Commit:
    """Writes all requests in one transaction and returns after COMMIT. Raises Unavailable.

    A rejected request is answered with an `error` and does not affect the others.
    """
    try:
        prepared = Prepared(requests)
        for _attempt in range(MAX_TRIES):
            try:
                with transaction.atomic(durable=True):
                    batch = Batch(prepared)
                    batch.decide()
                    batch.store()
                return batch.outcome()
            except IntegrityError:
                # Another process has just committed one of our cids in another room.
                continue
        raise Unavailable
    except (DatabaseError, InterfaceError) as problem:
        raise Unavailable from problem


V = TypeVar("V", bound=Verb[Any])


class Prepared:
    """The work that needs no lock: finding the rooms of the requests, rendering their texts."""

    def __init__(self, requests: Sequence[Request]) -> None:
        found = [(_verb_of(request.command), request) for request in requests]
        named = {verb.message(request.command) for verb, request in found}
        self.changed = {id for id in named if id is not None}
        others = {id for verb, request in found for id in verb.refers(request.command)}
        self.room_of_message = rows.rooms_of_messages(self.changed | others)
        # With the room of each; 0 if its message does not exist.
        self.requests: list[tuple[type[Verb[Any]], Request, int]] = []
        texts: set[tuple[int, str]] = set()
        for verb, request in found:
            room = verb.room(request.command)
            if room is None:
                room = self.room_of_message.get(verb.message(request.command) or 0, 0)
            self.requests.append((verb, request, room))
            if (text := verb.text(request.command)) is not None:
                texts.add((room, text))
        self.texts = Texts(texts)


def _verb_of(command: protocol.Command) -> type[Verb[Any]]:
    if (verb := verbs.of(type(command))) is None:
        raise TypeError(f"{type(command).__name__} does not change history.")
    return verb


class Batch:
    """One transaction's work: `decide` in memory, then `store`."""

    def __init__(self, prepared: Prepared) -> None:
        self.now = timezone.now()
        self.time = protocol.time(self.now)
        self.texts = prepared.texts
        self.room_of_message = prepared.room_of_message
        self.answers: list[Answer] = []
        self._requests = prepared.requests
        self._before: dict[int, int] = {}  # version of a room before its first change
        self._new: list[NewMessage] = []
        self._changed: dict[MessageRow, None] = {}
        self._forgotten: dict[int, int] = {}  # bits of the parts of deleted messages, by id
        self._marks: dict[Member, bool] = {}
        rooms, members, lock = set(), set(), False
        for verb, request, room in self._requests:
            if room:
                rooms.add(room)
                lock |= verb.locks
            if request.by is not SYSTEM:
                members.add((room, request.by))
        self._rooms, self._epoch = rows.rooms(rooms, lock=lock)
        self._people, self._members = rows.people(members)
        self._messages = {row.id: row for row in state.rows_of(prepared.changed)}
        asked = {verb for verb, _request, _room in self._requests}
        self._verbs = {verb: verb(self) for verb in verbs.registered() if verb in asked}
        for verb, handler in self._verbs.items():
            handler.load([(r, r.command) for found, r, _room in self._requests if found is verb])

    # Lookups for verbs while they decide

    def verb(self, kind: type[V]) -> V | None:
        """Returns the object of another verb, if a request of this batch uses it."""
        found = self._verbs.get(kind)
        assert found is None or isinstance(found, kind)
        return found

    def person(self, request: Request) -> protocol.Person:
        """Returns the requester. Raises Rejected for SYSTEM, which is not a person."""
        if request.by is SYSTEM:
            raise Rejected("forbidden", _("Only a person can do this."))
        return self._people[request.by]

    def member(self, request: Request, room_id: int) -> Member | None:
        """Returns the requester's membership, if any. SYSTEM has none."""
        return None if request.by is SYSTEM else self._members.get((room_id, request.by))

    def may_moderate(self, request: Request, room_id: int) -> bool:
        member = self.member(request, room_id)
        return request.by is SYSTEM or (member is not None and member.may_moderate)

    def readable(self, request: Request, room_id: int) -> LockedRoom:
        """Returns a room that the requester may read. Raises Rejected."""
        room = self._rooms.get(room_id)
        is_member = request.by is SYSTEM or (room_id, request.by) in self._members
        if problem := no_entry(room, is_member):
            raise Rejected(*problem)
        assert room is not None
        return room

    def room(self, request: Request, room_id: int) -> LockedRoom:
        """Returns a room that the requester may write in. Raises Rejected."""
        room = self.readable(request, room_id)
        if room.archived and request.by is not SYSTEM:
            raise Rejected("archived", _("This room is archived and read-only."))
        return room

    def message(self, request: Request, id: int, *, deleted_too: bool = False) -> MessageRow:
        """Returns an existing message to change. Raises Rejected."""
        message = self._messages.get(id)
        if message is None:
            raise Rejected("not_found", _("There is no such message."))
        try:
            self.room(request, message.room_id)
        except Rejected as problem:
            if problem.code == "not_found":
                # Do not reveal messages in rooms that the person cannot see.
                raise Rejected("not_found", _("There is no such message.")) from None
            raise
        if message.deleted and not deleted_too:
            raise Rejected("not_found", _("This message was deleted."))
        return message

    # Changes

    def add(self, room: LockedRoom, message: NewMessage) -> None:
        """Appends a message to a room and assigns the next seq and version."""
        self._before.setdefault(room.id, room.version)
        room.seq += 1
        room.version += 1
        message.seq, message.version = room.seq, room.version
        self._new.append(message)

    def touch(self, message: MessageRow) -> None:
        """Marks an existing message as changed: assigns the next version."""
        room = self._rooms[message.room_id]
        self._before.setdefault(room.id, room.version)
        room.version += 1
        message.version = room.version
        self._changed[message] = None

    def forget(self, message: MessageRow) -> None:
        """Removes all parts from a deleted message."""
        self._forgotten[message.id] = message.parts
        message.parts, message.shown = 0, None

    def mark(self, member: Member, seq: int, *, tell: bool) -> None:
        """Moves the member's read mark to `seq`. `tell` their other sockets."""
        if seq > member.read_seq:
            member.read_seq = seq
            self._marks[member] = tell or self._marks.get(member, False)

    # The transaction

    def decide(self) -> None:
        for verb, request, _room in self._requests:
            try:
                if request.by is not SYSTEM and request.by not in self._people:
                    raise Rejected("forbidden", _("This account is not active."))
                answer: Answer = self._verbs[verb].decide(request, request.command)
            except Rejected as problem:
                answer = protocol.Error(request.command.ref, problem.code, problem.detail)
            self.answers.append(answer)

    def store(self) -> None:
        rows.move_rooms([self._rooms[room_id] for room_id in self._before])
        rows.insert(self._new, self.now)
        inserted = [message.parts for message in self._new]
        for verb in self._verbs.values():
            verb.store()
        parts.forget(self._forgotten)
        late = [new for new, bits in zip(self._new, inserted, strict=True) if new.parts != bits]
        rows.move_messages([*self._changed, *late])
        rows.move_marks(self._marks)
        parts.load(self._changed)

    def outcome(self) -> Commit:
        """Returns the result. Called after COMMIT."""
        shown: dict[int, list[protocol.MessageState]] = {}
        for message in sorted([*self._changed, *self._new], key=lambda message: message.seq):
            shown.setdefault(message.room_id, []).append(state.message(message))
        return Commit(
            answers=self.answers,
            changes=[
                protocol.Changes(room, self._before[room], self._rooms[room].version, messages)
                for room, messages in shown.items()
            ],
            events=[
                (member.person_id, protocol.ReadElsewhere(member.room_id, member.read_seq))
                for member, tell in self._marks.items()
                if tell
            ],
            epoch=self._epoch,
        )
