"""What a message may carry beside its text: reactions, mentions, a poll.

A part is a field of a message on the wire whose rows lie in tables of their own. Each has a bit in
`Message.parts`, so that a page of plain messages costs no statement for what none of them has.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

T = TypeVar("T")


class HasParts(Protocol):
    """A message as it is read or written, with the parts of it that are known."""

    id: int
    parts: int
    shown: dict[str, Any]


class Part(Generic[T]):
    """A field of a message. `T` is its type on the wire; a message without it lacks the field.

    Never instantiated. Whoever writes rows of a part calls `show` for their message in the same
    transaction, and gives the message a new version (`Batch.touch`).
    """

    field: ClassVar[str]
    # A power of two that no other part has: it is stored with the messages.
    bit: ClassVar[int]
    # What msgspec makes the field of: a Struct, list[int] …
    type: ClassVar[Any]

    @classmethod
    def load(cls, ids: Collection[int]) -> dict[int, T]:
        """The part of each of these messages (at least one) that has it. One statement."""
        raise NotImplementedError

    @classmethod
    def forget(cls, ids: Collection[int]) -> None:
        """Deletes its rows: these messages (at least one) were deleted. One statement per table."""
        raise NotImplementedError

    @classmethod
    def show(cls, message: HasParts, value: T | None) -> None:
        """`message` has this value from now on, or no longer has the part."""
        if value:
            message.parts |= cls.bit
            message.shown[cls.field] = value
        else:
            message.parts &= ~cls.bit
            message.shown.pop(cls.field, None)


_registered: list[type[Part[Any]]] = []


def register(parts: Iterable[type[Part[Any]]]) -> None:
    """All there are, in the order of their fields on the wire. Called once, at start."""
    _registered[:] = parts


def registered() -> Sequence[type[Part[Any]]]:
    return tuple(_registered)


def load(messages: Collection[HasParts]) -> None:
    """Fills `shown` of each message. A statement for each part that some of them have."""
    for part in _registered:
        wanted = {
            message.id: message
            for message in messages
            if message.parts & part.bit and part.field not in message.shown
        }
        if wanted:
            for id, value in part.load(wanted).items():
                wanted[id].shown[part.field] = value


def forget(parts_of: dict[int, int]) -> None:
    """Deletes what hangs on messages, given as id and bits."""
    for part in _registered:
        if ids := [id for id, bits in parts_of.items() if bits & part.bit]:
            part.forget(ids)
