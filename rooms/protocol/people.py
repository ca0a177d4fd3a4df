"""People, members and presence."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from rooms.protocol.frames import Command, Event, Number, Ref

RoleName = Literal["owner", "moderator", "member"]
PresenceState = Literal["online", "away", "offline"]


class Person(Struct, gc=False, omit_defaults=True):
    id: int
    handle: str
    name: str
    avatar: str | None = None


class MemberState(Person, kw_only=True):
    """A member of a room, as the others see them."""

    role: RoleName
    presence: PresenceState


class Members(Command, frozen=True):
    room: Number
    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 500


class MembersPage(Event, tag="members"):
    ref: Ref
    room: int
    members: list[MemberState]
    more: bool


class Presence(Event):
    people: dict[str, PresenceState]


class Typing(Command, frozen=True, kw_only=True):
    room: Number
    ref: Ref | None = None  # type: ignore[assignment]


class TypingNow(Event, tag="typing"):
    room: int
    person: Person
