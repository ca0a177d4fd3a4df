"""What goes into the log and what comes back."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from rooms import protocol


class System(Enum):
    """The chat itself, in place of a person."""

    SYSTEM = "system"


SYSTEM = System.SYSTEM
By = int | Literal[System.SYSTEM]

Answer = protocol.Ack | protocol.Error


@dataclass(frozen=True, slots=True)
class Request:
    """A change that somebody wants: the person with this id, or the chat itself.

    SYSTEM needs no membership and may write in archived rooms. It says nothing of its own: a
    message has a person as its author.
    """

    by: By
    command: protocol.Command


@dataclass(slots=True)
class Commit:
    """What one transaction did: an answer for each request, and what to tell others."""

    answers: list[Answer]
    changes: list[protocol.Changes] = field(default_factory=list)
    # For the sockets of one person.
    events: list[tuple[int, protocol.Event]] = field(default_factory=list)
    epoch: str | None = None  # of the database that was written to; None if no room was found


class Rejected(Exception):
    """The request is answered with this error; nothing of it was written."""

    def __init__(self, code: protocol.Code, detail: str) -> None:
        super().__init__(detail)
        self.code: protocol.Code = code
        self.detail = detail


class Unavailable(Exception):
    """The database is busy or away. Whether the batch was written is not known; a cid tells."""
