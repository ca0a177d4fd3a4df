"""What a message may carry beside its text: reactions, mentions, a poll.

A part is a field of a message on the wire whose rows lie in tables of their own. Each has a bit in
`Message.parts`, so that a page of plain messages costs no statement for what none of them has.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from rooms.database.statements import execute, listed

T = TypeVar("T")


class HasParts(Protocol):
    """A message as it is read or written, with the values of those parts that are known."""

    id: int
    parts: int
    shown: dict[str, Any] | None


class Part(Generic[T]):
    """A field of a message. `T` is its type on the wire; a message without it lacks the field.

    Never instantiated. Whoever writes rows of a part calls `show` for their message in the same
    transaction; an earlier message also takes a new version (`Batch.touch`).
    """

    field: ClassVar[str]
    # A power of two that no other part has: it is stored with the messages.
    bit: ClassVar[int]
    # What msgspec makes the field of: a Struct, list[int] …
    type: ClassVar[Any]
    # The table that has a row, or several, with the `message_id` of each message with the part.
    table: ClassVar[str]

    @classmethod
    def load(cls, ids: Collection[int]) -> Mapping[int, T]:
        """The part of each of these messages (at least one) that has it. One statement."""
        raise NotImplementedError

    @classmethod
    def forget(cls, ids: Collection[int]) -> None:
        """Deletes its rows, since these messages (at least one) were deleted."""
        execute(f'DELETE FROM "{cls.table}" WHERE message_id IN ({listed(ids)})')

    @classmethod
    def show(cls, message: HasParts, value: T | None) -> None:
        """`message` has this value from now on; with None or an empty one, no longer the part."""
        if value:
            message.parts |= cls.bit
            message.shown = {**(message.shown or {}), cls.field: value}
        elif message.parts & cls.bit:
            message.parts &= ~cls.bit
            message.shown = {**(message.shown or {})}
            message.shown.pop(cls.field, None)

    @classmethod
    def unknown(cls, message: HasParts) -> None:
        """`message` has another value from now on, to be loaded when all is stored."""
        if message.shown:
            message.shown = {
                name: part for name, part in message.shown.items() if name != cls.field
            }

    @classmethod
    def of(cls, message: HasParts) -> T | None:
        """The value that `message` has, if it is known."""
        return message.shown.get(cls.field) if message.shown else None


_registered: list[type[Part[Any]]] = []


def register(parts: Iterable[type[Part[Any]]]) -> None:
    """All there are, in the order in which they are read and forgotten. Called once, at start."""
    _registered[:] = parts


def registered() -> Sequence[type[Part[Any]]]:
    return tuple(_registered)


def load(messages: Collection[HasParts]) -> None:
    """Fills `shown` of each message. A statement for each part that some of them have."""
    present = 0
    for message in messages:
        present |= message.parts
    for part in _registered:
        if not present & part.bit:
            continue
        wanted = {
            message.id: message
            for message in messages
            if message.parts & part.bit and part.of(message) is None
        }
        for id, value in (part.load(wanted) if wanted else {}).items():
            part.show(wanted[id], value)


def forget(bits: Mapping[int, int]) -> None:
    """Deletes all parts of messages, given as id → `Message.parts`."""
    for part in _registered:
        if ids := [id for id, parts in bits.items() if parts & part.bit]:
            part.forget(ids)
