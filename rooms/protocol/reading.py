"""Reading a room: changes, history and read marks."""

from typing import Annotated

from msgspec import Meta

from rooms.protocol.frames import Command, Event, Fault, Number, Ref
from rooms.protocol.frames import gettext_noop as _
from rooms.protocol.messages import MessageState

MAX_BEHIND = 500  # maximum changes in the answer to `sync`; further behind is a `reset`
PAGE = 50  # default limit of `history`; messages in a `reset`


class Sync(Command, frozen=True):
    """The answer is `changes` or `reset`."""

    room: Number
    version: Number
    epoch: str | None = None


class Reset(Event):
    ref: Ref
    room: int
    epoch: str
    version: int
    messages: list[MessageState]


class History(Command, frozen=True):
    room: Number
    before: Number | None = None
    after: Number | None = None
    around: Number | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = PAGE

    def fault(self) -> Fault | None:
        if sum(anchor is not None for anchor in (self.before, self.after, self.around)) > 1:
            return "invalid", _("Give one of before, after and around.")
        return None


class HistoryPage(Event, tag="history"):
    ref: Ref
    room: int
    version: int
    messages: list[MessageState]
    more_before: bool
    more_after: bool


class Read(Command, frozen=True):
    """Advances the reader's mark. It never moves back."""

    room: Number
    seq: Number


class ReadElsewhere(Event, tag="read"):
    room: int
    seq: int
