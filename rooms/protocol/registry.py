"""All known frames: the kernel's, and those that capabilities add.

Without capabilities (in a client, in a test) there are only the kernel's.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct, UnsetType

from rooms.protocol.connection import Bye, Hello, Ping, Pong
from rooms.protocol.frames import Ack, Command, Error, Event
from rooms.protocol.messages import Changes, Delete, Edit, MessageState, React, Send
from rooms.protocol.people import Members, MembersPage, Presence, Typing, TypingNow
from rooms.protocol.reading import History, HistoryPage, Read, ReadElsewhere, Reset, Sync
from rooms.protocol.rooms import Left, RoomChanged

COMMANDS: tuple[type[Command], ...] = (
    Send,
    Edit,
    Delete,
    React,
    Read,
    Typing,
    Sync,
    History,
    Members,
    Ping,
)
EVENTS: tuple[type[Event], ...] = (
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

S = TypeVar("S", bound=Struct)


class Registry:
    """The frames, built by `register`."""

    commands: tuple[type[Command], ...] = COMMANDS
    send: type[Send] = Send
    message: type[MessageState] = MessageState
    decoder: msgspec.json.Decoder[Command]


registry = Registry()


def register(
    commands: Iterable[type[Command]] = (),
    along: Mapping[str, Any] = {},
    parts: Mapping[str, Any] = {},
) -> None:
    """Registers commands, fields of `send` and fields of a message. May repeat the kernel's.

    Called once, at startup. A field's type is any type that msgspec accepts.
    """
    registry.send = _with_fields(Send, along)
    registry.message = _with_fields(MessageState, parts)
    added = [command for command in commands if command not in COMMANDS]
    registry.commands = (registry.send, *COMMANDS[1:], *added)
    registry.decoder = msgspec.json.Decoder(reduce(or_, registry.commands))


def _with_fields(base: type[S], fields: Mapping[str, Any]) -> type[S]:
    added = [
        (name, type | UnsetType, UNSET)
        for name, type in fields.items()
        if name not in base.__struct_fields__
    ]
    if not added:
        return base
    return cast("type[S]", msgspec.defstruct(base.__name__, added, bases=(base,)))


register()
