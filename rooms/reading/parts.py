"""Parts of a message beside its text: reactions, mentions, a poll.

A part is a field of a message on the wire, with rows in its own table. Each part has a bit in
`Message.parts`, so that a page of plain messages needs no extra statement.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from rooms.database.statements import execute, listed

T = TypeVar("T")


class HasParts(Protocol):
    """A message being read or written, with the values of its parts, as far as known."""

    id: int
    parts: int
    shown: dict[str, Any] | None


class Part(Generic[T]):
    """A field of a message. `T` is its type on the wire. It is absent if the message has none.

    Never instantiated. Code that writes rows of a part calls `show` for the message in the same
    transaction. An existing message also takes a new version (`Batch.touch`).
    """

    field: ClassVar[str]
    # A unique power of two, stored with the messages.
    bit: ClassVar[int]
    # The type that msgspec decodes the field to: a Struct, list[int] …
    type: ClassVar[Any]
    # A table with at least one row for each message with the part, with a column `message_id`.
    table: ClassVar[str]

    @classmethod
    def load(cls, ids: Collection[int]) -> Mapping[int, T]:
        """Loads the part for those of these messages (at least one) that have it. One statement."""
        raise NotImplementedError

    @classmethod
    def forget(cls, ids: Collection[int]) -> None:
        """Deletes the rows of deleted messages (at least one)."""
        execute(f'DELETE FROM "{cls.table}" WHERE message_id IN ({listed(ids)})')

    @classmethod
    def show(cls, message: HasParts, value: T | None) -> None:
        """Sets the value for `message`. None or an empty value removes the part."""
        if value:
            message.parts |= cls.bit
            message.shown = {**(message.shown or {}), cls.field: value}
        elif message.parts & cls.bit:
            message.parts &= ~cls.bit
            message.shown = {**(message.shown or {})}
            message.shown.pop(cls.field, None)

    @classmethod
    def unknown(cls, message: HasParts) -> None:
        """Marks the value for `message` as changed. It is loaded after `store`."""
        if message.shown:
            message.shown = {
                name: part for name, part in message.shown.items() if name != cls.field
            }

    @classmethod
    def of(cls, message: HasParts) -> T | None:
        """Returns the value for `message`, if known."""
        return message.shown.get(cls.field) if message.shown else None


_registered: list[type[Part[Any]]] = []


def register(parts: Iterable[type[Part[Any]]]) -> None:
    """Registers all parts, in the order of loading and forgetting. Called once, at startup."""
    _registered[:] = parts


def registered() -> Sequence[type[Part[Any]]]:
    return tuple(_registered)


def load(messages: Collection[HasParts]) -> None:
    """Fills `shown` of each message. One statement for each part that any of them has."""
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
