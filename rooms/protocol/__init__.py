"""Every frame of the wire protocol, version 1, typed. docs/protocol.md is the contract.

`parse` turns a text frame into a command or raises `BadFrame`; `encode` turns an event into text.
Ids, seqs and versions are integers, times ISO 8601 in UTC with milliseconds.
"""

import json
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

PROTOCOL = 1
HEARTBEAT = 20  # seconds between a client's pings
MAX_FRAME = 65_536  # bytes of one text frame from a client
MAX_BODY = 16_384  # UTF-8 bytes of one message
MAX_BEHIND = 500  # changes that `sync` still answers; further behind is a `reset`
MAX_EVENT = 524_288  # bytes of messages in one frame to a client, unless a single one is larger
PAGE = 50  # messages of `history` where no limit is given, and of `reset`

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


# Commands, client to server


class Command(Struct, forbid_unknown_fields=True, tag_field="type", tag=str.lower, frozen=True):
    """What a client asks for. The wire's `type` is the class's name in lower case."""

    ref: Ref


class Send(Command, frozen=True):
    room: Number
    cid: UUID
    body: str
    reply_to: Number | None = None
    thread: Number | None = None
    attachments: list[Number] = []


class Edit(Command, frozen=True):
    message: Number
    body: str


class Delete(Command, frozen=True):
    message: Number


class React(Command, frozen=True):
    message: Number
    emoji: Annotated[str, Meta(min_length=1, max_length=32)]
    on: bool


class Read(Command, frozen=True):
    room: Number
    seq: Number


class Typing(Command, frozen=True, kw_only=True):
    room: Number
    ref: Ref | None = None  # type: ignore[assignment]


class Sync(Command, frozen=True):
    room: Number
    version: Number
    epoch: str | None = None


class History(Command, frozen=True):
    room: Number
    before: Number | None = None
    after: Number | None = None
    around: Number | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = PAGE


class Members(Command, frozen=True):
    room: Number
    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 500


class Ping(Command, frozen=True):
    """Asks for the heads of my rooms."""


COMMANDS = (Send, Edit, Delete, React, Read, Typing, Sync, History, Members, Ping)


# Events, server to client


class Event(Struct, tag_field="type", tag=str.lower):
    """What the server tells. The wire's `type` is the class's name in lower case."""


class Person(Struct, gc=False):
    id: int
    username: str
    name: str
    avatar: str | None = None


class RoomState(Struct, omit_defaults=False):
    """A room as one of its members sees it. `people` (the others) only in a direct room."""

    id: int
    slug: str
    name: str
    kind: Literal["public", "private", "direct"]
    topic: str
    seq: int
    version: int
    read_seq: int
    unread: int
    mentions: int
    role: Literal["owner", "moderator", "member"]
    notify: Literal["all", "mentions", "none"]
    archived: bool
    people: list[Person] | UnsetType = UNSET


class ReactionState(Struct, gc=False):
    emoji: str
    users: list[int]


class MessageState(Struct, gc=False):
    """A message in its latest state. A deleted one has an empty body and html."""

    id: int
    seq: int
    version: int
    cid: UUID
    author: Person
    body: str
    html: str
    created_at: str
    edited_at: str | None
    deleted: bool
    reply_to: int | None
    thread: int | None
    reactions: list[ReactionState]
    attachments: list[int]
    mentions: list[int]


class Member(Person, kw_only=True):
    role: Literal["owner", "moderator", "member"]
    presence: Literal["online", "away", "offline"]


class Hello(Event):
    epoch: str
    user: Person
    rooms: list[RoomState]
    protocol: int = PROTOCOL
    heartbeat: int = HEARTBEAT


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
    ref: Ref | None
    code: Code
    detail: str
    retry_after: float | UnsetType = UNSET


class Changes(Event):
    """All that changed in the room in (from, to]; `ref` where it answers a `sync`."""

    room: int
    from_: int = msgspec.field(name="from")
    to: int
    messages: list[MessageState]
    ref: Ref | UnsetType = UNSET


class Reset(Event):
    ref: Ref
    room: int
    epoch: str
    version: int
    messages: list[MessageState]


class HistoryPage(Event, tag="history"):
    ref: Ref
    room: int
    version: int
    messages: list[MessageState]
    more_before: bool
    more_after: bool


class MembersPage(Event, tag="members"):
    ref: Ref
    room: int
    members: list[Member]
    more: bool


class Pong(Event):
    ref: Ref
    heads: dict[str, int]


class TypingNow(Event, tag="typing"):
    room: int
    user: Person


class Presence(Event):
    users: dict[str, Literal["online", "away", "offline"]]


class ReadElsewhere(Event, tag="read"):
    room: int
    seq: int


class RoomChanged(Event, tag="room"):
    room: RoomState


class Left(Event):
    room: int


class Bye(Event):
    after_ms: int


EVENTS = (
    Hello,
    Ack,
    Error,
    Changes,
    Reset,
    HistoryPage,
    MembersPage,
    Pong,
    TypingNow,
    Presence,
    ReadElsewhere,
    RoomChanged,
    Left,
    Bye,
)


# In and out


class BadFrame(Exception):
    """A frame that gets an `error`; `alien` when it is not this protocol at all (see 4400)."""

    def __init__(self, error: Error, *, alien: bool = False) -> None:
        super().__init__(error.detail)
        self.error = error
        self.alien = alien


class _Envelope(Struct):
    """What every frame has at least, for the answer to one that has nothing else right."""

    type: str
    ref: msgspec.Raw = msgspec.Raw(b"null")


_command_decoder = msgspec.json.Decoder(
    Send | Edit | Delete | React | Read | Typing | Sync | History | Members | Ping
)
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_ref_decoder = msgspec.json.Decoder(Ref)
_encoder = msgspec.json.Encoder()


def parse(text: str) -> Command:
    """The command in a text frame. Raises BadFrame with the `error` to answer.

    msgspec refuses NaN, Infinity and lone surrogates, which Python's json accepts.
    """
    is_large = False
    try:
        data = text.encode()
        is_large = len(data) > MAX_FRAME
        envelope = _envelope_decoder.decode(data)
    except (ValueError, RecursionError) as problem:
        if is_large:  # and perhaps cut off by the server
            raise _too_large(None) from problem
        raise _unreadable(text) from problem
    ref = _ref_of(envelope.ref)
    if is_large:
        raise _too_large(ref)
    try:
        command = _command_decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        raise BadFrame(Error(ref, "invalid", str(problem)[:200])) from problem
    if (reason := fault(command)) is not None:
        raise BadFrame(Error(ref, *reason))
    return command


def _too_large(ref: Ref | None) -> BadFrame:
    return BadFrame(Error(ref, "too_large", f"A frame has at most {MAX_FRAME:,} bytes."))


def _unreadable(text: str) -> BadFrame:
    """The answer to what msgspec does not read: alien, unless only a string in it is broken."""
    try:
        frame = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        frame = None
    if isinstance(frame, dict) and isinstance(frame.get("type"), str):
        ref = _ref_of(json.dumps(frame.get("ref")).encode())
        return BadFrame(Error(ref, "invalid", "A text in the frame is not valid Unicode."))
    return BadFrame(Error(None, "invalid", "A frame is one JSON object with a type."), alien=True)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _ref_of(raw: bytes | msgspec.Raw) -> Ref | None:
    try:
        return _ref_decoder.decode(raw)
    except msgspec.MsgspecError:
        return None


def fault(command: Command) -> tuple[Code, str] | None:
    """What types alone cannot say about a command: (code, sentence), or None when it is good."""
    match command:
        case Send(body=body) | Edit(body=body):
            if len(body.encode()) > MAX_BODY:
                return "too_large", f"A message has at most {MAX_BODY} bytes."
            if "\0" in body:
                return "invalid", "A message cannot contain the NUL character."
            if not body.strip():
                return "invalid", "A message needs some text."
        case React(emoji=emoji) if not is_emoji(emoji):
            return "invalid", "A reaction is one emoji."
        case History(before=before, after=after, around=around):
            if sum(anchor is not None for anchor in (before, after, around)) > 1:
                return "invalid", "Give one of before, after and around."
    return None


def is_emoji(text: str) -> bool:
    """Whether `text` is made of the characters that emoji sequences are made of.

    By general category (https://unicode.org/reports/tr51/): pictures are So, a few Sm or Po; skin
    tones Sk; joiners, selectors, tags and keycaps Cf, Mn and Me; newer than Python's tables Cn.
    """
    kinds = {
        "So" if category == "Cn" and ord(character) > 0x1F000 else category
        for character in text
        if (category := unicodedata.category(character)) and character not in "‼⁉〰#*0123456789"
    }
    return kinds <= {"So", "Sm", "Sk", "Cf", "Mn", "Me"} and (
        bool(kinds & {"So", "Sm", "Me"}) or text[0] in "‼⁉〰"
    )


def encode(event: Event) -> str:
    """The text frame of an event."""
    return _encoder.encode(event).decode()


def size(message: MessageState) -> int:
    """Bytes that a message takes in a frame."""
    return len(_encoder.encode(message))


def is_small(messages: list[MessageState]) -> bool:
    """Whether they are so short that they surely fit into a frame, without encoding them."""
    # JSON writes a control character in six bytes; ids, dates and names take the rest.
    most = sum([1000 + 6 * (len(message.body) + len(message.html)) for message in messages])
    for message in messages:
        if message.reactions:
            most += sum(64 + 16 * len(reaction.users) for reaction in message.reactions)
    return most < MAX_EVENT


def time(moment: datetime) -> str:
    """A moment as the wire says it: 2026-11-23T01:02:03.456Z. One without a zone is in UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat("T", "milliseconds") + "Z"
