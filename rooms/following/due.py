"""Work for a time: `schedule` it in the transaction that makes it necessary.

    due.schedule("polls.close", str(message_id), closes_at)

A row runs at least once at or after its time, in the process that holds its kind's lease. A try
that fails, or that its process did not survive, is followed by another, later and later.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from rooms.database.statements import fetch
from rooms.following import lease
from rooms.following.follower import Handler
from rooms.models import Due

# Seconds from one try to the next: twice as long each time.
FIRST_RETRY = 1.0
LONGEST_RETRY = 3600.0
# Characters of an error that are kept.
MAX_ERROR = 2000


def schedule(kind: str, key: str, at: datetime) -> None:
    """Has `key` done at a time. There is one row for a kind and key: a later call moves it."""
    Due.objects.bulk_create(
        [Due(kind=kind, key=key, due_at=at)],
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["due_at", "tries", "error", "token"],
    )


def cancel(kind: str, key: str) -> None:
    """Forgets it. A try that runs at this moment is not stopped."""
    Due.objects.filter(kind=kind, key=key).delete()


def try_again(rows: QuerySet[Due]) -> int:
    """Makes rows due now, with all their tries. Returns how many."""
    return rows.update(due_at=Now(), tries=0, token=uuid4())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A try of a row: `tries` counts it."""

    id: int
    key: str
    tries: int
    token: UUID


_NEXT = """
    SELECT id, key, tries, token FROM rooms_due
    WHERE kind = %s AND due_at <= {clock} ORDER BY due_at, id LIMIT 1
"""


def claim(handler: Handler, holder: UUID, epoch: str) -> Claimed | None:
    """The next row of a handler that is due. Raises lease.Lost.

    The try is counted and the next one set before it begins: a row that kills its process would
    otherwise kill the next one too, and so on.
    """
    with lease.held(handler.name, holder, epoch):
        found = fetch(_NEXT.format(clock=lease.clock()), [handler.name])
        if not found:
            return None
        [(id, key, tries, token)] = found
        row = Claimed(id, key, tries + 1, UUID(str(token)))
        _set_next(row, handler)
        return row


def done(handler: Handler, row: Claimed, holder: UUID, epoch: str) -> None:
    """Raises lease.Lost."""
    with lease.held(handler.name, holder, epoch):
        Due.objects.filter(pk=row.id, token=row.token).delete()


def failed(handler: Handler, row: Claimed, error: str, holder: UUID, epoch: str) -> None:
    """Keeps the error, and leaves the row for its next try if it has one. Raises lease.Lost."""
    with lease.held(handler.name, holder, epoch):
        _set_next(row, handler, error[:MAX_ERROR])


def _set_next(row: Claimed, handler: Handler, error: str | None = None) -> None:
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** (row.tries - 1))
    query = f"""
        UPDATE rooms_due SET tries = %s, error = COALESCE(%s, error),
          due_at = {lease.clock(wait) if row.tries < handler.max_tries else "NULL"}
        WHERE id = %s AND token = %s
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [row.tries, error, row.id, lease.value(row.token)])
