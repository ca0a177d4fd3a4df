"""Rooms as their members see them."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from rooms.protocol.frames import Event
from rooms.protocol.people import Person, RoleName


class RoomState(Struct):
    """A room as one of its members sees it. Only a direct room has `people` (the others)."""

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
    role: RoleName
    notify: Literal["all", "mentions", "none"]
    archived: bool
    people: list[Person] | UnsetType = UNSET


class RoomChanged(Event, tag="room"):
    room: RoomState


class Left(Event):
    room: int
