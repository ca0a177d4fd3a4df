"""Frames about the connection itself."""

from rooms.protocol.frames import PROTOCOL, Command, Event, Ref
from rooms.protocol.people import Person
from rooms.protocol.rooms import RoomState

HEARTBEAT = 20  # seconds between a client's pings


class Hello(Event):
    """The first frame."""

    epoch: str
    person: Person
    rooms: list[RoomState]
    protocol: int = PROTOCOL
    heartbeat: int = HEARTBEAT


class Ping(Command, frozen=True):
    """Asks for the heads of my rooms."""


class Pong(Event):
    ref: Ref
    heads: dict[str, int]


class Bye(Event):
    after_ms: int
