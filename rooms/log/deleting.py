"""`delete`: the author or a moderator empties a message. Its row stays in the log."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.log import rows
from rooms.log.requests import Rejected, Request
from rooms.log.verbs import Verb, changed

if TYPE_CHECKING:
    from rooms.log.batch import Batch


class Deleting(Verb[protocol.Delete]):
    command = protocol.Delete

    def __init__(self, batch: "Batch") -> None:
        super().__init__(batch)
        self.deleted: list[int] = []

    def decide(self, request: Request, command: protocol.Delete) -> protocol.Ack:
        message = self.batch.message(request, command.message, deleted_too=True)
        is_author = message.author.id == request.by
        if not is_author and not self.batch.may_moderate(request, message.room_id):
            raise Rejected("forbidden", _("Only its author or a moderator can delete a message."))
        if not message.deleted:
            message.body = message.html = ""
            message.deleted = True
            self.batch.forget(message)
            self.batch.touch(message)
            self.deleted.append(message.id)
        return changed(command, message)

    def store(self) -> None:
        rows.empty(self.deleted, self.batch.now)
