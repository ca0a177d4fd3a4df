"""The base classes for background work: `Follower` and `Handler`.

Both run at least once: after a crash, work that was done but not recorded is done again. So make
them idempotent: derive the result from the rows (an upsert), or first check whether it exists.
They change history through `rooms.log`, as SYSTEM.

They run outside a transaction, on a thread pool, one at a time across all processes. Keep
transactions short: on SQLite every ack waits for the writer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.models import QuerySet

from rooms.models import Message


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of a room with versions in (after, to]."""

    room: int
    after: int
    to: int

    def messages(self) -> QuerySet[Message]:
        """Returns the changed messages, ordered by version.

        Each appears once, in its latest state. If it has changed again since, it comes later.
        """
        changed = Message.objects.filter(room=self.room, version__gt=self.after)
        return changed.filter(version__lte=self.to).order_by("version")


class Follower:
    """Follows the changes of every room, in order, from a cursor kept in the database."""

    # Unique, also among handlers. Cursors are stored under it.
    name: str
    # Whether a new follower starts with the first change of each room, or with the next one.
    from_the_beginning = True
    # Seconds between two calls of a follower that is up to date. Each call costs two transactions,
    # so choose the longest delay that people do not notice.
    every = 0.2
    # Maximum changes of one room per call.
    bite = 500

    def follow(self, changes: Sequence[Changes]) -> None:
        """Processes changes of some rooms. If it raises, it gets them again, with backoff.

        If several rooms fail together, each is retried alone, so that none blocks the others.
        """
        raise NotImplementedError


class Row(Protocol):
    """A due row, as passed to its handler."""

    @property
    def key(self) -> str: ...

    @property
    def tries(self) -> int: ...


class Handler:
    """Runs the due rows of its kind (`rooms.following.due.schedule`), oldest first."""

    # The kind; unique, also among followers.
    name: str
    # After this many failures the row is given up. The admin shows it with its error.
    max_tries = 10

    def run(self, row: Row) -> None:
        """Does the work. If it raises, the row is retried, and the exception's text is kept."""
        raise NotImplementedError
