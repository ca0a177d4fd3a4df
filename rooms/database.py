"""Statements by hand, and database reads of sockets on threads of our own.

asgiref's single thread is shared by everything; measured, one slow query there freezes every
socket of the process.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction

P = ParamSpec("P")
T = TypeVar("T")

# Enough that a slow page of one person's history is not everybody's wait.
READERS = 4

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")


def fetch(query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows that a statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def keep() -> None:
    """Before work on a thread that lives on: its connection is kept as long as it works."""
    # CONN_MAX_AGE is for threads that come and go with requests.
    connection.close_at = None
    connection.close_if_unusable_or_obsolete()


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads within see the same moment, and hold nobody up."""
    if connection.vendor == "sqlite":
        # The site's transactions take the write lock at once; this one must not.
        connection.ensure_connection()
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


async def read(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `function`, which only reads, in a snapshot: a message and what hangs on it agree."""

    def at_one_moment() -> T:
        with snapshot():
            return function(*args, **kwargs)

    return await call(at_one_moment)


async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `function` with a connection that works."""

    def run() -> T:
        keep()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_readers, run)
