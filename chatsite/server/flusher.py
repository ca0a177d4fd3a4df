"""Combines all frames for a socket in one tick of the event loop into one write."""

import asyncio
import time
from typing import Protocol


class Flushable(Protocol):
    def flush(self) -> None: ...


class Flusher:
    """Flushes sockets, but at most half of the time.

    After a flush it waits as long as the flush took, which leaves the other half for reading and
    committing. Under load, more frames then go into each write.
    """

    def __init__(self) -> None:
        self._waiting: list[Flushable] = []
        self._not_before = 0.0

    def add(self, socket: Flushable) -> None:
        """Schedules a call of `socket.flush`."""
        self._waiting.append(socket)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_at(self._not_before, self._flush)

    def _flush(self) -> None:
        began = time.monotonic()
        waiting, self._waiting = self._waiting, []
        for socket in waiting:
            socket.flush()
        ended = time.monotonic()
        self._not_before = ended + (ended - began)
