"""`send`: a new message."""

import hashlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.log import rows, verbs
from rooms.log.requests import Rejected, Request
from rooms.log.rows import NewMessage, Said
from rooms.log.verbs import Along, Verb
from rooms.reading.mentions import Mentions

if TYPE_CHECKING:
    from rooms.log.batch import Batch

_encoder = msgspec.json.Encoder(order="deterministic")


def digest_of(command: protocol.Send) -> str:
    """The digest of the fields that must match when a cid is repeated (32 hex digits)."""
    said = f"{command.room}\0{command.reply_to}\0{command.thread}\0{command.body}".encode()
    if along := command.along:
        said += b"\0" + _encoder.encode(along)
    return hashlib.blake2b(said, digest_size=16).hexdigest()


class Sending(Verb[protocol.Send]):
    command = protocol.Send

    def __init__(self, batch: "Batch") -> None:
        super().__init__(batch)
        self.said: dict[tuple[int, UUID], Said | NewMessage] = {}
        self.sent: list[tuple[protocol.Ack, NewMessage]] = []
        self.along: dict[str, Along[Any]] = {}

    @classmethod
    def text(cls, command: protocol.Send) -> str:
        return command.body

    @classmethod
    def refers(cls, command: protocol.Send) -> Collection[int]:
        return [id for id in (command.reply_to, command.thread) if id is not None]

    def load(self, requests: Sequence[tuple[Request, protocol.Send]]) -> None:
        attempts = {(request.by, command.cid) for request, command in requests}
        self.said.update(rows.said([(by, cid) for by, cid in attempts if isinstance(by, int)]))
        for kind in verbs.along():
            sends = [
                (request, found[kind.field])
                for request, command in requests
                if kind.field in (found := command.along)
            ]
            if sends:
                self.along[kind.field] = kind(self.batch)
                self.along[kind.field].load(sends)

    def decide(self, request: Request, command: protocol.Send) -> protocol.Ack:
        author = self.batch.person(request)
        digest = digest_of(command)
        if earlier := self.said.get((author.id, command.cid)):
            if earlier.digest != digest:
                raise Rejected("conflict", _("This cid was used for another message."))
            return self._ack(command, earlier)
        room = self.batch.room(request, command.room)
        for id in self.refers(command):
            if self.batch.room_of_message.get(id) != room.id:
                raise Rejected("not_found", _("The referenced message is not in this room."))
        along = command.along if self.along else {}
        for field, value in along.items():
            self.along[field].decide(request, value)
        message = NewMessage(
            id=0,
            room_id=room.id,
            seq=0,
            version=0,
            author=author,
            cid=command.cid,
            digest=digest,
            body=command.body,
            html=self.batch.texts.html(room.id, command.body),
            reply_to=command.reply_to,
            thread=command.thread,
            created_at=self.batch.time,
        )
        Mentions.show(message, self.batch.texts.mentions(room.id, command.body))
        self.batch.add(room, message)
        for field, value in along.items():
            self.along[field].attach(message, value)
        member = self.batch.member(request, room.id)
        if member is not None and member.read_seq == message.seq - 1:
            # If the author was up to date, their own message counts as read.
            self.batch.mark(member, message.seq, tell=False)
        self.said[author.id, command.cid] = message
        return self._ack(command, message)

    def _ack(self, command: protocol.Send, message: Said | NewMessage) -> protocol.Ack:
        ack = protocol.Ack(
            ref=command.ref,
            room=message.room_id,
            cid=command.cid,
            id=message.id,
            seq=message.seq,
            version=message.version,
            created_at=self.batch.time,
        )
        if isinstance(message, NewMessage):
            self.sent.append((ack, message))
        else:
            ack.created_at = protocol.time(message.created_at)
        return ack

    def store(self) -> None:
        for ack, message in self.sent:
            ack.id = message.id
        rows.mention({message for _ack, message in self.sent})
        for along in self.along.values():
            along.store()
