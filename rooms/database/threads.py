"""Database work of sockets, on our own threads.

asgiref's single thread is shared by everything. Measured: one slow query there freezes all
sockets of the process.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connection

from rooms.database.moments import one_moment

P = ParamSpec("P")
T = TypeVar("T")

# Enough that a slow page of history for one person does not delay everybody else.
READERS = 4

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")


def keep() -> None:
    """Keeps a long-lived thread's connection while it is usable. Call before work on it."""
    # CONN_MAX_AGE is meant for threads that live for one request.
    connection.close_at = None
    connection.close_if_unusable_or_obsolete()


async def read(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `function`, which must only read, in one snapshot of the database."""

    def at_one_moment() -> T:
        with one_moment():
            return function(*args, **kwargs)

    return await call(at_one_moment)


async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `function` with a usable connection."""

    def run() -> T:
        keep()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_readers, run)
