"""Requests to the log, and their results."""

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
    """A requested change, by the person with this id or by the chat itself.

    SYSTEM needs no membership and may write in archived rooms. It cannot send messages, because a
    message has a person as its author.
    """

    by: By
    command: protocol.Command


@dataclass(slots=True)
class Commit:
    """The result of one transaction: an answer for each request, and the events to broadcast."""

    answers: list[Answer]
    changes: list[protocol.Changes] = field(default_factory=list)
    # Events for the sockets of one person.
    events: list[tuple[int, protocol.Event]] = field(default_factory=list)
    epoch: str | None = None  # of the database written to; None if no room was found


class Rejected(Exception):
    """The request is answered with this error, and nothing of it was written."""

    def __init__(self, code: protocol.Code, detail: str) -> None:
        super().__init__(detail)
        self.code: protocol.Code = code
        self.detail = detail


class Unavailable(Exception):
    """The database is busy or down. The batch may have been written; a cid finds out."""
