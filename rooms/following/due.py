"""Scheduled work. Call `schedule` in the transaction that makes the work necessary.

    due.schedule("polls.close", str(message_id), closes_at)

A row runs at least once at or after its time, in the process that holds the lease of its kind. If
a try fails, or its process dies, it is retried with backoff.
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

# Seconds until the first retry; doubles each time.
FIRST_RETRY = 1.0
LONGEST_RETRY = 3600.0
# Characters of an error to keep.
MAX_ERROR = 2000


def schedule(kind: str, key: str, at: datetime) -> None:
    """Schedules `key` for a time. There is one row per kind and key; a later call moves it."""
    Due.objects.bulk_create(
        [Due(kind=kind, key=key, due_at=at)],
        update_conflicts=True,
        unique_fields=["kind", "key"],
        update_fields=["due_at", "tries", "error", "token"],
    )


def cancel(kind: str, *keys: str) -> None:
    """Removes the rows. Does not stop a try that is running."""
    Due.objects.filter(kind=kind, key__in=keys).delete()


def try_again(rows: QuerySet[Due]) -> int:
    """Makes rows due now and resets their tries. Returns their number."""
    return rows.update(due_at=Now(), tries=0, token=uuid4())


@dataclass(frozen=True, slots=True)
class Claimed:
    """One try of a row. `tries` includes it."""

    id: int
    key: str
    tries: int
    token: UUID


_NEXT = """
    SELECT id, key, tries, token FROM rooms_due
    WHERE kind = %s AND due_at <= {clock} ORDER BY due_at, id LIMIT 1
"""


def claim(handler: Handler, holder: UUID, epoch: str) -> Claimed | None:
    """Claims the handler's next due row, if any. Raises lease.Lost.

    Counts the try and schedules the next one before it begins. Otherwise a row that kills its
    process would kill every process after it too.
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
    """Stores the error and keeps the row for its next try, if it has one. Raises lease.Lost."""
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
