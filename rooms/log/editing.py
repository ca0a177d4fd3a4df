"""`edit`: the author changes a message's text."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.log import rows
from rooms.log.requests import Rejected, Request
from rooms.log.verbs import Verb, changed
from rooms.reading.mentions import Mentions
from rooms.reading.state import MessageRow

if TYPE_CHECKING:
    from rooms.log.batch import Batch


class Editing(Verb[protocol.Edit]):
    command = protocol.Edit

    def __init__(self, batch: "Batch") -> None:
        super().__init__(batch)
        self.edited: dict[MessageRow, None] = {}
        self.named_before: set[int] = set()

    @classmethod
    def text(cls, command: protocol.Edit) -> str:
        return command.body

    def decide(self, request: Request, command: protocol.Edit) -> protocol.Ack:
        message = self.batch.message(request, command.message)
        if message.author.id != request.by:
            raise Rejected("forbidden", _("Only its author can edit a message."))
        if message.body != command.body:
            message.body = command.body
            message.html = self.batch.texts.html(message.room_id, command.body)
            message.edited_at = self.batch.time
            if message not in self.edited and message.parts & Mentions.bit:
                self.named_before.add(message.id)
            Mentions.show(message, self.batch.texts.mentions(message.room_id, command.body))
            self.edited[message] = None
            self.batch.touch(message)
        return changed(command, message)

    def store(self) -> None:
        rows.edit(self.edited, self.batch.now)
        if self.named_before:
            Mentions.forget(self.named_before)
        rows.mention(self.edited)
