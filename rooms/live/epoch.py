"""Which life of the database the sockets here know.

A restored backup has a new epoch: versions begin anew in it, and everything that clients hold may
be wrong. So all sockets are closed, and clients fetch everything again.
"""

import asyncio
import logging
import random

from rooms import protocol
from rooms.live.heads import Heads
from rooms.live.sockets import Sockets
from rooms.protocol.closing import ORDINARY

logger = logging.getLogger(__name__)

# Milliseconds over which the clients come back.
COMING_BACK = 1000


class Epoch:
    def __init__(self, sockets: Sockets, heads: Heads) -> None:
        self._sockets, self._heads = sockets, heads
        self._epoch: str | None = None  # that the sockets here live in
        self._closing: asyncio.Task[None] | None = None

    def greeted(self, epoch: str) -> None:
        """A socket was told this epoch."""
        self._epoch = self._epoch or epoch

    def accepts(self, epoch: str | None) -> bool:
        """Whether something of this epoch is for the sockets here. If not, they are closed."""
        if epoch is None or self._epoch in {None, epoch}:
            return True
        if self._closing is None:
            self._closing = asyncio.create_task(self._close_all())
        return False

    async def _close_all(self) -> None:
        logger.warning("The database has a new epoch: all sockets are closed.")
        self._heads.clear()
        try:
            for socket in self._sockets:
                socket.push(protocol.Bye(random.randrange(COMING_BACK)))
                await socket.end(ORDINARY)
        finally:
            self._epoch = self._closing = None
