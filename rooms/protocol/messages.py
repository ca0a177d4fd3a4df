"""Messages: the commands that write them, and their representation."""

import unicodedata
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from rooms.protocol.frames import Command, Event, Fault, Number, Ref
from rooms.protocol.frames import gettext_noop as _
from rooms.protocol.people import Person

MAX_BODY = 16_384  # UTF-8 bytes of one message
MAX_EVENT = 524_288  # bytes of messages in one frame to a client, except one larger message


@cache
def _added_fields(struct: type[Struct], base: type[Struct]) -> tuple[str, ...]:
    """Returns the fields that capabilities added to `base`."""
    return struct.__struct_fields__[len(base.__struct_fields__) :]


_NOTHING: dict[str, Any] = {}


# Commands


class Send(Command, frozen=True):
    """Capabilities add fields (`Along`), which are UNSET if absent."""

    room: Number
    cid: UUID
    body: str
    reply_to: Number | None = None
    thread: Number | None = None

    @property
    def along(self) -> dict[str, Any]:
        """Returns the added fields that are present."""
        found = _NOTHING
        for name in _added_fields(type(self), Send):
            if (value := getattr(self, name)) is not UNSET:
                found = {**found, name: value}
        return found

    def fault(self) -> Fault | None:
        fault = _fault_of_body(self.body)
        return None if fault is _EMPTY and self.along else fault


class Edit(Command, frozen=True):
    message: Number
    body: str

    def fault(self) -> Fault | None:
        return _fault_of_body(self.body)


class Delete(Command, frozen=True):
    message: Number


class React(Command, frozen=True):
    message: Number
    emoji: Annotated[str, Meta(min_length=1, max_length=32)]
    on: bool

    def fault(self) -> Fault | None:
        return None if is_emoji(self.emoji) else ("invalid", _("A reaction is one emoji."))


_EMPTY: Fault = ("invalid", _("A message needs some text."))


def _fault_of_body(body: str) -> Fault | None:
    if len(body.encode()) > MAX_BODY:
        return "too_large", _("This message is too long. Send it in several parts.")
    if "\0" in body:
        return "invalid", _("A message cannot contain the NUL character.")
    return None if body.strip() else _EMPTY


def is_emoji(text: str) -> bool:
    """Whether `text` consists of characters used in emoji sequences.

    Decides by general category (https://unicode.org/reports/tr51/): pictures are So, a few Sm or
    Po; skin tones Sk; joiners, selectors, tags and keycaps Cf, Mn and Me; characters newer than
    Python's tables Cn.
    """
    kinds = {
        "So" if category == "Cn" and ord(character) > 0x1F000 else category
        for character in text
        if (category := unicodedata.category(character)) and character not in "‼⁉〰#*0123456789"
    }
    return kinds <= {"So", "Sm", "Sk", "Cf", "Mn", "Me"} and (
        bool(kinds & {"So", "Sm", "Me"}) or text[0] in "‼⁉〰"
    )


# Events


class ReactionState(Struct, gc=False):
    emoji: str
    people: list[int]


class MessageState(Struct, gc=False, omit_defaults=True):
    """A message in its latest state. A deleted one has an empty body and html.

    Empty and false fields are absent. Capabilities add fields (`Part`), which are UNSET if absent.
    """

    id: int
    seq: int
    version: int
    cid: UUID
    author: Person
    body: str
    html: str
    created_at: str
    edited_at: str | None = None
    deleted: bool = False
    reply_to: int | None = None
    thread: int | None = None
    reactions: list[ReactionState] = []
    mentions: list[int] = []


class Changes(Event):
    """Everything that changed in the room in (from, to]; `ref` if it answers a `sync`."""

    room: int
    from_: int = msgspec.field(name="from")
    to: int
    messages: list[MessageState]
    ref: Ref | UnsetType = UNSET


_encoder = msgspec.json.Encoder()


def size(message: MessageState) -> int:
    """Returns the bytes that a message takes in a frame."""
    return len(_encoder.encode(message))


def is_small(messages: list[MessageState]) -> bool:
    """Whether they certainly fit into a frame. Does not encode them."""
    # JSON needs up to six bytes for a control character; the rest is for ids, dates and names.
    most = sum([1000 + 6 * (len(message.body) + len(message.html)) for message in messages])
    for message in messages:
        if message.reactions:
            most += sum(64 + 16 * len(reaction.people) for reaction in message.reactions)
        for field in _added_fields(type(message), MessageState):
            if (part := getattr(message, field)) is not UNSET:
                most += len(_encoder.encode(part))
    return most < MAX_EVENT
