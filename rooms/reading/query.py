"""Queries: commands that change nothing, answered from one snapshot of the database."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from rooms import protocol

C = TypeVar("C", bound=protocol.Command)


class Denied(Exception):
    """Raised to answer with an `error`."""

    def __init__(self, code: protocol.Code, detail: str) -> None:
        super().__init__(detail)
        self.code: protocol.Code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Asker:
    """The requester of a query."""

    person_id: int
    # Ids of the people online. Empty unless the query `shows_presence`.
    online: Collection[int] = ()


class Query(Generic[C]):
    """Answers a command that changes nothing. Never instantiated."""

    command: ClassVar[type[protocol.Command]]
    shows_presence: ClassVar[bool] = False

    @classmethod
    def answer(cls, asker: Asker, command: C) -> protocol.Event:
        """Returns an event with the command's `ref`. Raises Denied.

        Runs on a read thread, in one snapshot of the database, with a constant number of
        statements. Must check that the requester may read the data: see `require_member`.
        """
        raise NotImplementedError


_queries: dict[str, type[Query[Any]]] = {}


def register(queries: Iterable[type[Query[Any]]]) -> None:
    """Registers all queries. Called once, at startup."""
    _queries.clear()
    _queries.update((protocol.wire_name(query.command), query) for query in queries)
    of.cache_clear()


@cache
def of(command: type[protocol.Command]) -> type[Query[Any]] | None:
    """Returns the query that answers a command, or None."""
    return _queries.get(protocol.wire_name(command))


def registered() -> Sequence[type[Query[Any]]]:
    return tuple(_queries.values())
