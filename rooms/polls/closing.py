"""Closes polls at their time, with a due row for each."""

from rooms import protocol
from rooms.following.follower import Handler, Row
from rooms.live.broadcast import events_of, tell_now
from rooms.log.batch import commit
from rooms.log.requests import SYSTEM, Request
from rooms.polls.log import CLOSE
from rooms.polls.protocol import Close


class CloseOnTime(Handler):
    """Closes the poll on the message that is the row's key. Closing it twice changes nothing."""

    name = CLOSE

    def run(self, row: Row) -> None:
        done = commit([Request(SYSTEM, Close(ref=0, message=int(row.key)))])
        [answer] = done.answers
        # A message deleted meanwhile has no poll to close.
        if isinstance(answer, protocol.Error) and answer.code != "not_found":
            raise RuntimeError(answer.detail)
        tell_now(events_of(done))
