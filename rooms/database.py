"""Database reads of sockets, on threads of our own.

asgiref's single thread is shared by everything; measured, one slow query there freezes every
socket of the process.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connection

P = ParamSpec("P")
T = TypeVar("T")

# Enough that a slow page of one person's history is not everybody's wait.
READERS = 4

_readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")


async def read(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `function` with a connection that works."""

    def run() -> T:
        connection.close_if_unusable_or_obsolete()
        return function(*args, **kwargs)

    return await asyncio.get_running_loop().run_in_executor(_readers, run)
