"""How history changes: a class for each command, and for data sent along with a message.

`Batch` creates one object of each class that its requests need and calls, in this order,

1. `load` of each, under the rooms' locks,
2. `decide` for each request, in the order of the requests,
3. `store` of each, in the order of registration, when the new messages have their ids.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from rooms import protocol
from rooms.log.requests import Request

if TYPE_CHECKING:
    from rooms.log.batch import Batch
    from rooms.reading.state import MessageRow

C = TypeVar("C", bound=protocol.Command)
T = TypeVar("T")


class Verb(Generic[C]):
    """Handles one command, for all requests of a batch with that command."""

    command: ClassVar[type[protocol.Command]]
    # Whether to lock the room's row. Turn it off only for commands that take no seq and version.
    locks: ClassVar[bool] = True

    def __init__(self, batch: "Batch") -> None:
        self.batch = batch

    @classmethod
    def room(cls, command: C) -> int | None:
        """The room named by the command, if any."""
        return getattr(command, "room", None)

    @classmethod
    def message(cls, command: C) -> int | None:
        """The existing message that the command changes, if any. Determines the room."""
        return getattr(command, "message", None)

    @classmethod
    def text(cls, command: C) -> str | None:
        """The text to render before the locks are taken: see `Batch.texts`."""
        return None

    @classmethod
    def refers(cls, command: C) -> Collection[int]:
        """Ids of other messages whose rooms `decide` needs: see `Batch.room_of_message`."""
        return ()

    def load(self, requests: Sequence[tuple[Request, C]]) -> None:
        """Loads what `decide` needs beyond rooms, members and messages, in one statement."""

    def decide(self, request: Request, command: C) -> protocol.Ack:
        """Changes or adds a message in memory; see `Batch`. Does not access the database.

        Raises Rejected before it changes anything. Other requests are not affected.
        """
        raise NotImplementedError

    def store(self) -> None:
        """Writes the decisions: one statement for each kind of row."""


def changed(command: protocol.Command, message: "MessageRow") -> protocol.Ack:
    """The ack of a command for an existing message, changed or not."""
    return protocol.Ack(ref=command.ref, id=message.id, seq=message.seq, version=message.version)


class Along(Generic[T]):
    """Data sent along with a message: a field of `send`. It is part of the cid's digest.

    A message with such data needs no text.
    """

    field: ClassVar[str]
    # The type that msgspec decodes the field to.
    type: ClassVar[Any]

    def __init__(self, batch: "Batch") -> None:
        self.batch = batch

    def load(self, sends: Sequence[tuple[Request, T]]) -> None:
        """Loads what `decide` needs, in one statement."""

    def decide(self, request: Request, value: T) -> None:
        """Raises Rejected if the value may not be sent. Must not change anything yet."""

    def attach(self, message: "MessageRow", value: T) -> None:
        """Accepts the value for a new message, whose id is not known yet; see `store`."""
        raise NotImplementedError

    def store(self) -> None:
        """Writes the rows and calls `Part.show`, so that the first live frame has the part."""
        raise NotImplementedError


_verbs: dict[str, type[Verb[Any]]] = {}
_along: list[type[Along[Any]]] = []


def register(verbs: Iterable[type[Verb[Any]]], along: Iterable[type[Along[Any]]]) -> None:
    """Registers all verbs and fields, in order. Called once, at startup."""
    _verbs.clear()
    _verbs.update((protocol.wire_name(verb.command), verb) for verb in verbs)
    _along[:] = along
    of.cache_clear()


@cache
def of(command: type[protocol.Command]) -> type[Verb[Any]] | None:
    """Returns the verb of a command, or None for a command that does not change history."""
    return _verbs.get(protocol.wire_name(command))


def registered() -> Sequence[type[Verb[Any]]]:
    return tuple(_verbs.values())


def along() -> Sequence[type[Along[Any]]]:
    return tuple(_along)
