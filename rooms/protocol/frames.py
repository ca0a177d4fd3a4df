"""What all frames have in common, and the answers that any command may get."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

PROTOCOL = 2
MAX_FRAME = 65_536  # bytes of one text frame from a client

# Beyond 2**53 - 1 a browser's numbers are not exact.
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
    """What a client asks for. The wire's `type` is the class's name in lower case."""

    ref: Ref

    def fault(self) -> Fault | None:
        """What types alone cannot say: (code, sentence), or None when the command is good."""
        return None


class Event(Struct, tag_field="type", tag=str.lower):
    """What the server tells. The wire's `type` is the class's name in lower case."""


class Ack(Event):
    """Committed to disk. Which fields there are depends on the command; see docs/protocol.md."""

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
    """The `type` of a frame's class."""
    return str(frame.__struct_config__.tag)


def time(moment: datetime) -> str:
    """A moment as the wire says it: 2026-11-23T01:02:03.456Z. One without a zone is in UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat("T", "milliseconds") + "Z"
