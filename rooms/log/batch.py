"""The only door by which history changes: for sockets, pages, the admin, bots and commands.

`commit` takes what many people want written and writes it in ONE transaction. Under the rooms'
row locks it checks permissions again, looks every cid up, takes the next seq and version, and
writes the rows. It returns an answer for each request and what to tell everybody; nothing may be
answered or told before it has returned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, IntegrityError, InterfaceError, transaction
from django.utils import timezone

from rooms import protocol
from rooms.log import rendering, rows
from rooms.models import Mention, Message, Person, Reaction
from rooms.reading import state
from rooms.reading.queries import door

Write = protocol.Send | protocol.Edit | protocol.Delete | protocol.React | protocol.Read
Answer = protocol.Ack | protocol.Error

MAX_EMOJI = 50  # different reactions under one message
# Of a batch that meets a cid which another process is just committing.
MAX_TRIES = 5


@dataclass(frozen=True, slots=True)
class Request:
    """That a person wants something written."""

    person_id: int
    command: Write


@dataclass(slots=True)
class Commit:
    """What one transaction did: an answer for each request, and what to tell everybody."""

    answers: list[Answer]
    changes: list[protocol.Changes] = field(default_factory=list)
    reads: list[tuple[int, protocol.ReadElsewhere]] = field(default_factory=list)
    epoch: str | None = None  # of the database that it was written to; None if no room was found


class Unavailable(Exception):
    """The database is busy or away. Whether the batch was written is not known; a cid tells."""


def commit(requests: Sequence[Request]) -> Commit:
    """Writes all requests in one transaction and returns after COMMIT. Raises Unavailable.

    A request that may not be is answered with an `error` and leaves the others alone.
    """
    try:
        rendered = _Rendered(requests)
        for _attempt in range(MAX_TRIES):
            try:
                with transaction.atomic(durable=True):
                    batch = _Batch(requests, rendered)
                    batch.apply()
                    batch.store()
                return batch.outcome()
            except IntegrityError:
                # Another process committed one of our cids, in another room, since we looked.
                continue
        raise Unavailable
    except (DatabaseError, InterfaceError) as problem:
        raise Unavailable from problem


class _Rendered:
    """HTML and mentions of the bodies, made before the locks are taken."""

    def __init__(self, requests: Sequence[Request]) -> None:
        bodies = {
            command.body
            for request in requests
            if isinstance(command := request.command, protocol.Send | protocol.Edit)
        }
        names = {body: rendering.mentioned(body) if "@" in body else set() for body in bodies}
        wanted = {name for found in names.values() for name in found}
        self.people: dict[str, int] = {}
        if wanted:
            named = Person.objects.active().filter(folded__in=wanted)
            self.people = dict(named.values_list("folded", "pk"))
        self.html = {body: rendering.render(body, self.people) for body in bodies}
        self.mentions = {
            body: {self.people[name] for name in found if name in self.people}
            for body, found in names.items()
        }


@dataclass(eq=False, slots=True)
class _Draft:
    """An earlier message as it will be, with what hangs on it."""

    row: Message
    mentions: set[int]
    reactions: dict[tuple[str, int], Reaction]
    mentions_changed: bool = False

    @classmethod
    def of(cls, row: Message) -> "_Draft":
        """Of a message read with `Message.objects.whole()`."""
        mentions = {mention.person_id for mention in row.mentions.all()}
        return cls(row, mentions, {(r.emoji, r.person_id): r for r in row.reactions.all()})

    def mention(self, person_ids: set[int]) -> None:
        self.mentions_changed |= person_ids != self.mentions
        self.mentions = person_ids


class _Batch:
    """One transaction's work: `apply` decides in memory, `store` writes."""

    def __init__(self, requests: Sequence[Request], rendered: _Rendered) -> None:
        self.requests = requests
        self.rendered = rendered
        self.now = timezone.now()
        self.time = protocol.time(self.now)
        self.answers: list[Answer] = []
        self.before: dict[int, int] = {}  # version of a room before its first change
        self.new: list[rows.New] = []
        self.changed: list[_Draft] = []
        self.sent: list[tuple[protocol.Ack, rows.New]] = []
        self.reacted: list[Reaction] = []
        self.unreacted: list[Reaction] = []
        self.read: dict[rows.Member, bool] = {}
        self._lock_and_load()

    def _lock_and_load(self) -> None:
        commands = [request.command for request in self.requests]
        sends = [command for command in commands if isinstance(command, protocol.Send)]
        named = {c.message for c in commands if not isinstance(c, protocol.Send | protocol.Read)}
        quoted = {id for send in sends for id in (send.reply_to, send.thread) if id is not None}
        self.rooms_of_messages: dict[int, int] = {}
        if named or quoted:
            ids = Message.objects.filter(pk__in=named | quoted)
            self.rooms_of_messages = dict(ids.values_list("id", "room_id"))
        written = {send.room for send in sends}
        written |= {self.rooms_of_messages[id] for id in named if id in self.rooms_of_messages}
        read = {command.room for command in commands if isinstance(command, protocol.Read)}
        self.rooms, self.epoch = rows.rooms(written | read, lock=bool(written))
        self.persons, self.members = rows.people(
            {(self._room_of(request.command), request.person_id) for request in self.requests}
        )
        self.messages: dict[int, _Draft] = {}
        if named:
            whole = Message.objects.whole().filter(pk__in=named)
            self.messages = {row.pk: _Draft.of(row) for row in whole}
        self.said: dict[tuple[int, UUID], rows.Said | rows.New] = {}
        self.said.update(
            rows.said(
                {
                    (request.person_id, command.cid)
                    for request in self.requests
                    if isinstance(command := request.command, protocol.Send)
                }
            )
        )

    def _room_of(self, command: Write) -> int:
        """The room that a command is about; 0 where its message does not exist."""
        if isinstance(command, protocol.Send | protocol.Read):
            return command.room
        return self.rooms_of_messages.get(command.message, 0)

    # Deciding

    def apply(self) -> None:
        decide: dict[type, Callable] = {
            protocol.Send: self._send,
            protocol.Edit: self._edit,
            protocol.Delete: self._delete,
            protocol.React: self._react,
            protocol.Read: self._read,
        }
        for request in self.requests:
            if request.person_id not in self.persons:
                answer = _no(request, "forbidden", "This account is not active.")
            else:
                answer = decide[type(request.command)](request, request.command)
            self.answers.append(answer)

    def _send(self, request: Request, command: protocol.Send) -> Answer:
        digest = Message.digest_of(command.room, command.body, command.reply_to, command.thread)
        if earlier := self.said.get((request.person_id, command.cid)):
            if earlier.digest != digest:
                return _no(request, "conflict", "This cid was used for another message.")
            return self._ack_send(command, earlier)
        if problem := self._writable(request, command.room):
            return problem
        for quoted in (command.reply_to, command.thread):
            if quoted is not None and self.rooms_of_messages.get(quoted) != command.room:
                return _no(request, "not_found", "The message it refers to is not in this room.")
        if command.attachments:
            return _no(request, "not_found", "There is no such upload.")
        room = self.rooms[command.room]
        self.before.setdefault(room.id, room.version)
        room.seq += 1
        room.version += 1
        message = rows.New(
            room_id=room.id,
            seq=room.seq,
            version=room.version,
            author=self.persons[request.person_id],
            cid=command.cid,
            digest=digest,
            body=command.body,
            html=self.rendered.html[command.body],
            reply_to=command.reply_to,
            thread=command.thread,
            mentions=self.rendered.mentions[command.body],
        )
        self.said[request.person_id, command.cid] = message
        self.new.append(message)
        member = self.members[room.id, request.person_id]
        if member.read_seq == message.seq - 1:
            # Who has read everything has read what they say themselves.
            member.read_seq = message.seq
            self.read.setdefault(member, False)
        return self._ack_send(command, message)

    def _ack_send(self, command: protocol.Send, message: rows.Said | rows.New) -> protocol.Ack:
        ack = protocol.Ack(
            ref=command.ref,
            room=message.room_id,
            cid=command.cid,
            id=message.id,
            seq=message.seq,
            version=message.version,
            created_at=self.time,
        )
        if isinstance(message, rows.New):
            # The id is known when the row is stored.
            self.sent.append((ack, message))
        else:
            ack.created_at = protocol.time(message.created_at)
        return ack

    def _edit(self, request: Request, command: protocol.Edit) -> Answer:
        draft = self._changeable(request, command.message)
        if isinstance(draft, protocol.Error):
            return draft
        message = draft.row
        if message.author_id != request.person_id:
            return _no(request, "forbidden", "Only its author can edit a message.")
        if message.body != command.body:
            message.body = command.body
            message.html = self.rendered.html[command.body]
            message.edited_at = self.now
            draft.mention(self.rendered.mentions[command.body])
            self._next_version(draft)
        return _changed(command, message)

    def _delete(self, request: Request, command: protocol.Delete) -> Answer:
        draft = self._changeable(request, command.message, deleted_too=True)
        if isinstance(draft, protocol.Error):
            return draft
        message = draft.row
        member = self.members[message.room_id, request.person_id]
        if message.author_id != request.person_id and not member.may_moderate:
            return _no(request, "forbidden", "Only its author or a moderator can delete a message.")
        if not message.deleted:
            message.body = message.html = ""
            message.deleted_at = self.now
            draft.mention(set())
            for key in list(draft.reactions):
                self._unreact(draft, key)
            self._next_version(draft)
        return _changed(command, message)

    def _react(self, request: Request, command: protocol.React) -> Answer:
        draft = self._changeable(request, command.message)
        if isinstance(draft, protocol.Error):
            return draft
        key = (command.emoji, request.person_id)
        if command.on and key not in draft.reactions:
            emoji = {emoji for emoji, _person in draft.reactions}
            if command.emoji not in emoji and len(emoji) >= MAX_EMOJI:
                return _no(request, "invalid", f"A message has at most {MAX_EMOJI} reactions.")
            reaction = Reaction(message=draft.row, person_id=request.person_id, emoji=command.emoji)
            draft.reactions[key] = reaction
            self.reacted.append(reaction)
            self._next_version(draft)
        elif not command.on and key in draft.reactions:
            self._unreact(draft, key)
            self._next_version(draft)
        return _changed(command, draft.row)

    def _read(self, request: Request, command: protocol.Read) -> Answer:
        member = self.members.get((command.room, request.person_id))
        room = self.rooms.get(command.room)
        if problem := door(room, member is not None):
            return _no(request, *problem)
        assert room is not None
        assert member is not None
        seq = min(command.seq, room.seq)
        if seq > member.read_seq:
            member.read_seq = seq
            self.read[member] = True
        return protocol.Ack(ref=command.ref, room=room.id, seq=member.read_seq)

    def _writable(self, request: Request, room_id: int) -> protocol.Error | None:
        room = self.rooms.get(room_id)
        if problem := door(room, (room_id, request.person_id) in self.members):
            return _no(request, *problem)
        if room is not None and room.archived:
            return _no(
                request, "archived", "This room is archived: it can be read, not written in."
            )
        return None

    def _changeable(
        self, request: Request, message_id: int, *, deleted_too: bool = False
    ) -> "_Draft | protocol.Error":
        draft = self.messages.get(message_id)
        if draft is None:
            return _no(request, "not_found", "There is no such message.")
        problem = self._writable(request, draft.row.room_id)
        if problem is not None and problem.code == "not_found":
            # As if the message did not exist: its room does not, for this user.
            return _no(request, "not_found", "There is no such message.")
        if problem is None and draft.row.deleted and not deleted_too:
            return _no(request, "not_found", "This message was deleted.")
        return problem or draft

    def _next_version(self, draft: "_Draft") -> None:
        room = self.rooms[draft.row.room_id]
        self.before.setdefault(room.id, room.version)
        room.version += 1
        draft.row.version = room.version
        if draft not in self.changed:
            self.changed.append(draft)

    def _unreact(self, draft: "_Draft", key: tuple[str, int]) -> None:
        reaction = draft.reactions.pop(key)
        if reaction in self.reacted:
            self.reacted.remove(reaction)
        else:
            self.unreacted.append(reaction)

    # Writing

    def store(self) -> None:
        rows.move_rooms([self.rooms[room_id] for room_id in self.before])
        rows.insert(self.new, self.now)
        for ack, message in self.sent:
            ack.id = message.id
        changed = [draft.row for draft in self.changed]
        if changed:
            fields = ["body", "html", "version", "edited_at", "deleted_at"]
            Message.objects.bulk_update(changed, fields)
        mentioning = [draft for draft in self.changed if draft.mentions_changed]
        if mentioning:
            Mention.objects.filter(message__in=[draft.row for draft in mentioning]).delete()
        named = [(new.id, new.room_id, new.seq, new.mentions) for new in self.new if new.mentions]
        for draft in mentioning:
            named.append((draft.row.pk, draft.row.room_id, draft.row.seq, draft.mentions))
        if named:
            Mention.objects.bulk_create(
                Mention(message_id=id, person_id=person_id, room_id=room_id, seq=seq)
                for id, room_id, seq, person_ids in named
                for person_id in sorted(person_ids)
            )
        if self.unreacted:
            Reaction.objects.filter(pk__in=[reaction.pk for reaction in self.unreacted]).delete()
        if self.reacted:
            Reaction.objects.bulk_create(self.reacted)
        rows.move_marks(self.read)

    def outcome(self) -> Commit:
        """What was done. Called after COMMIT."""
        shown: dict[int, list[protocol.MessageState]] = {}
        for draft in self.changed:
            message = state.message(draft.row, draft.reactions.values(), draft.mentions)
            shown.setdefault(draft.row.room_id, []).append(message)
        for new in self.new:
            shown.setdefault(new.room_id, []).append(_shown(new, self.time))
        changes = []
        for room_id, messages in shown.items():
            messages.sort(key=lambda message: message.seq)
            before, after = self.before[room_id], self.rooms[room_id].version
            changes.append(protocol.Changes(room_id, before, after, messages))
        reads = [
            (member.person_id, protocol.ReadElsewhere(member.room_id, member.read_seq))
            for member, tell in self.read.items()
            if tell
        ]
        return Commit(self.answers, changes, reads, self.epoch)


def _shown(new: rows.New, created_at: str) -> protocol.MessageState:
    return protocol.MessageState(
        id=new.id,
        seq=new.seq,
        version=new.version,
        cid=new.cid,
        author=new.author,
        body=new.body,
        html=new.html,
        created_at=created_at,
        edited_at=None,
        deleted=False,
        reply_to=new.reply_to,
        thread=new.thread,
        reactions=[],
        attachments=[],
        mentions=sorted(new.mentions),
    )


def _no(request: Request, code: protocol.Code, detail: str) -> protocol.Error:
    return protocol.Error(request.command.ref, code, detail)


def _changed(
    command: protocol.Edit | protocol.Delete | protocol.React, message: Message
) -> protocol.Ack:
    return protocol.Ack(ref=command.ref, id=message.pk, seq=message.seq, version=message.version)
