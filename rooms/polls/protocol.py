"""The frames of polls. A poll's question is the body of its message."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from rooms.protocol import Command, Event, Number, Ref

MIN_CHOICES, MAX_CHOICES = 2, 10
MAX_CHOICE = 120  # characters of a choice
MAX_SHOWN = 20  # people named for each choice
MAX_ASKED = 200  # messages per `votes`

Place = Annotated[int, Meta(ge=0, lt=MAX_CHOICES)]


class NewPoll(Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    """The field `poll` of a `send`."""

    choices: Annotated[list[str], Meta(min_length=MIN_CHOICES, max_length=MAX_CHOICES)]
    multiple: bool = False
    anonymous: bool = False
    closes_at: Annotated[str, Meta(max_length=40)] | None = None  # ISO 8601, with a zone


class Vote(Command, frozen=True):
    """My votes from now on, as indexes from 0. An empty list withdraws them."""

    message: Number
    choices: Annotated[list[Place], Meta(max_length=MAX_CHOICES)]


class Close(Command, frozen=True):
    """Closes a poll. Only for its author and moderators."""

    message: Number


class Votes(Command, frozen=True):
    """Asks for my own votes. Frames are the same for everybody, so they do not have them."""

    messages: Annotated[list[Number], Meta(max_length=MAX_ASKED)]


class MyVotes(Event, tag="votes"):
    """My votes by message. Polls without a vote of mine are absent."""

    ref: Ref
    votes: dict[str, list[int]]


class ChoiceState(Struct, omit_defaults=True, gc=False):
    """`people` are the first 20 who voted for it, unless the poll is anonymous."""

    text: str
    votes: int = 0
    people: list[int] | UnsetType = UNSET


class PollState(Struct, omit_defaults=True, gc=False):
    """The part `poll` of a message."""

    choices: list[ChoiceState]
    voters: int = 0
    multiple: bool = False
    anonymous: bool = False
    closes_at: str | UnsetType = UNSET
    closed: bool = False
