"""Database work of sockets, on threads of our own.

asgiref's single thread is shared by everything. Measured: one slow query there freezes every
socket of the process.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connection

from rooms.database.moments import one_moment

P = ParamSpec("P")
T = TypeVar("T")

# Enough that one person's slow page of history does not hold up everybody else.
READERS = 4

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")


def keep() -> None:
    """Call before work on a thread that lives on: keeps its connection while it is usable."""
    # CONN_MAX_AGE is meant for threads that come and go with requests.
    connection.close_at = None
    connection.close_if_unusable_or_obsolete()


async def read(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `function`, which only reads, at one moment of the database."""

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
