"""The base classes of frames, and the answers to any command."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

PROTOCOL = 2
MAX_FRAME = 65_536  # bytes of one text frame from a client

# Browsers cannot represent larger integers exactly.
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Ref = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] | Annotated[str, Meta(max_length=64)]
Code = Literal[
    "invalid",
    "forbidden",
    "not_found",
    "conflict",
    "rate_limited",
    "too_large",
    "archived",
    "unavailable",
]
Fault = tuple[Code, str]


def gettext_noop(sentence: str) -> str:
    """Marks a sentence for translation, as Django's does. It is translated when it is sent."""
    return sentence


class Command(Struct, forbid_unknown_fields=True, tag_field="type", tag=str.lower, frozen=True):
    """A request from a client. The wire's `type` is the lower-case class name."""

    ref: Ref

    def fault(self) -> Fault | None:
        """Validates what types cannot express. Returns (code, sentence), or None if valid."""
        return None


class Event(Struct, tag_field="type", tag=str.lower):
    """A frame from the server. The wire's `type` is the lower-case class name."""


class Ack(Event):
    """Committed to disk. The fields depend on the command; see docs/protocol.md."""

    ref: Ref
    room: int | UnsetType = UNSET
    cid: UUID | UnsetType = UNSET
    id: int | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    version: int | UnsetType = UNSET
    created_at: str | UnsetType = UNSET


class Error(Event):
    """`detail` is for a person, in their language; `hint` for who writes a client, in English."""

    ref: Ref | None
    code: Code
    detail: str
    retry_after: float | UnsetType = UNSET
    hint: str | UnsetType = UNSET


def wire_name(frame: type[Struct]) -> str:
    """Returns the `type` of a frame class."""
    return str(frame.__struct_config__.tag)


def time(moment: datetime) -> str:
    """Formats a datetime for the wire: 2026-11-23T01:02:03.456Z. A naive one is in UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat("T", "milliseconds") + "Z"
