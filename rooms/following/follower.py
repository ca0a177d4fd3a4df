"""What a capability writes to have work done afterwards: a `Follower` or a `Handler`.

Both are run at least once: after a crash, what was done and not yet written down is done again.
So write them idempotent: derive the result from the rows (an upsert), or look first whether it is
there. What they change in history goes through `rooms.log` as SYSTEM.

They run outside of a transaction, on a thread of a pool, one at a time across all processes. Keep
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
        """The messages that changed, in the order of their versions.

        Each is here once, in its latest state. One that has changed again since comes later.
        """
        changed = Message.objects.filter(room=self.room, version__gt=self.after)
        return changed.filter(version__lte=self.to).order_by("version")


class Follower:
    """Follows every room's changes, in their order, from a cursor kept in the database."""

    # Unique, also among handlers; its cursors go by it.
    name: str
    # A new follower begins with the first change of each room, or else with the next one.
    from_the_beginning = True
    # Seconds between two bites of a follower that is not behind. Its work and its cursors cost two
    # transactions a bite, so take as many as people do not notice.
    every = 0.2
    # Changes of one room in a bite.
    bite = 500

    def follow(self, changes: Sequence[Changes]) -> None:
        """Takes what changed in some rooms. Raises to get it again, later and later.

        If several rooms fail together, each is tried alone: one room cannot hold up the others.
        """
        raise NotImplementedError


class Row(Protocol):
    """A due row as its handler sees it."""

    @property
    def key(self) -> str: ...

    @property
    def tries(self) -> int: ...


class Handler:
    """Runs the due rows of its kind (`rooms.following.due.schedule`), the oldest first."""

    # The kind; unique, also among followers.
    name: str
    # After so many failures it is given up, and stays in the admin with its error.
    max_tries = 10

    def run(self, row: Row) -> None:
        """Does the work. Raises to be tried again; the exception's text is kept with the row."""
        raise NotImplementedError
