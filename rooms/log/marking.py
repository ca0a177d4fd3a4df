"""`read`: moves a member's read mark."""

from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.log.requests import Rejected, Request
from rooms.log.verbs import Verb


class Marking(Verb[protocol.Read]):
    command = protocol.Read
    locks = False

    def decide(self, request: Request, command: protocol.Read) -> protocol.Ack:
        room = self.batch.readable(request, command.room)
        member = self.batch.member(request, room.id)
        if member is None:
            raise Rejected("forbidden", _("Join the room first."))
        seq = min(command.seq, room.seq)
        self.batch.mark(member, seq, tell=True)
        return protocol.Ack(ref=command.ref, room=command.room, seq=member.read_seq)
