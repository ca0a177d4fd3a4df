"""One write for all frames that a socket gets in one tick of the event loop."""

import asyncio
import time
from typing import Protocol


class Flushable(Protocol):
    def flush(self) -> None: ...


class Flusher:
    """Flushes sockets, at most half of the time.

    After a flush it waits for as long as the flush took, so that reading and committing get the
    other half. Under load more frames then go into each write.
    """

    def __init__(self) -> None:
        self._waiting: list[Flushable] = []
        self._not_before = 0.0

    def add(self, socket: Flushable) -> None:
        """Has `socket.flush` called soon."""
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
