"""How history changes: a class for each command, and for what may come along with a message.

`Batch` makes one object of each class that its requests need and calls, in this order,

1. `load` of all of them, under the rooms' locks,
2. `decide` for each request, in the order in which the requests came,
3. `store` of all of them, in the order of registration, after the new messages have their ids.
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
    """One way in which history changes, for all requests of a batch with its command."""

    command: ClassVar[type[protocol.Command]]
    # Whether its room's row is locked. Only for what takes no seq and no version, do without.
    locks: ClassVar[bool] = True

    def __init__(self, batch: "Batch") -> None:
        self.batch = batch

    @classmethod
    def room(cls, command: C) -> int | None:
        """The room that the command names, if it does."""
        return getattr(command, "room", None)

    @classmethod
    def message(cls, command: C) -> int | None:
        """The earlier message that the command changes, if it does: in whose room it acts."""
        return getattr(command, "message", None)

    @classmethod
    def text(cls, command: C) -> str | None:
        """What becomes HTML before the locks are taken: see `Batch.texts`."""
        return None

    @classmethod
    def refers(cls, command: C) -> Collection[int]:
        """Ids of other messages whose room is asked for: see `Batch.room_of_message`."""
        return ()

    def load(self, requests: Sequence[tuple[Request, C]]) -> None:
        """Reads what `decide` needs beyond rooms, members and messages: one statement for all."""

    def decide(self, request: Request, command: C) -> protocol.Ack:
        """Changes messages, or adds one, in memory; see `Batch`. Reads and writes no database.

        Raises Rejected before it has changed anything; the other requests go on.
        """
        raise NotImplementedError

    def store(self) -> None:
        """Writes what was decided: one statement for each kind of row."""


def changed(command: protocol.Command, message: "MessageRow") -> protocol.Ack:
    """The answer to a command that changed an earlier message, or left it as it was."""
    return protocol.Ack(ref=command.ref, id=message.id, seq=message.seq, version=message.version)


class Along(Generic[T]):
    """What may come with a `send`: a field of it on the wire. It counts for the cid's digest.

    A message that carries something needs no text.
    """

    field: ClassVar[str]
    # What msgspec decodes the field to.
    type: ClassVar[Any]

    def __init__(self, batch: "Batch") -> None:
        self.batch = batch

    def load(self, sends: Sequence[tuple[Request, T]]) -> None:
        """Reads what `decide` needs: one statement for all."""

    def decide(self, request: Request, value: T) -> None:
        """Raises Rejected if this may not be sent. Changes nothing: others may still refuse."""

    def attach(self, message: "MessageRow", value: T) -> None:
        """The message will be written. Its id is not known yet; see `store`."""
        raise NotImplementedError

    def store(self) -> None:
        """Writes its rows, and calls `Part.show`, so that the first live frame has the part."""
        raise NotImplementedError


_verbs: dict[str, type[Verb[Any]]] = {}
_along: list[type[Along[Any]]] = []


def register(verbs: Iterable[type[Verb[Any]]], along: Iterable[type[Along[Any]]]) -> None:
    """All there are, in order. Called once, at start."""
    _verbs.clear()
    _verbs.update((protocol.wire_name(verb.command), verb) for verb in verbs)
    _along[:] = along
    of.cache_clear()


@cache
def of(command: type[protocol.Command]) -> type[Verb[Any]] | None:
    """The verb of a command, or None for one that changes no history."""
    return _verbs.get(protocol.wire_name(command))


def registered() -> Sequence[type[Verb[Any]]]:
    return tuple(_verbs.values())


def along() -> Sequence[type[Along[Any]]]:
    return tuple(_along)
