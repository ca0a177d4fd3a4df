"""The database epoch that the sockets of this process know.

Restoring a backup changes the epoch: versions start over, and the data that clients hold may be
wrong. So all sockets are closed, and clients fetch everything again.
"""

import asyncio
import logging
import random

from rooms import protocol
from rooms.live.heads import Heads
from rooms.live.sockets import Sockets
from rooms.protocol.closing import ORDINARY

logger = logging.getLogger(__name__)

# Milliseconds over which clients reconnect.
COMING_BACK = 1000


class Epoch:
    def __init__(self, sockets: Sockets, heads: Heads) -> None:
        self._sockets, self._heads = sockets, heads
        self._epoch: str | None = None  # known to the sockets here
        self._closing: asyncio.Task[None] | None = None

    def greeted(self, epoch: str) -> None:
        """A socket was sent this epoch in its hello."""
        self._epoch = self._epoch or epoch

    def accepts(self, epoch: str | None) -> bool:
        """Whether the sockets here may get data of this epoch. If not, closes them."""
        if epoch is None or self._epoch in {None, epoch}:
            return True
        if self._closing is None:
            self._closing = asyncio.create_task(self._close_all())
        return False

    async def _close_all(self) -> None:
        logger.warning("The database has a new epoch. Closing all sockets.")
        self._heads.clear()
        try:
            for socket in self._sockets:
                socket.push(protocol.Bye(random.randrange(COMING_BACK)))
                await socket.end(ORDINARY)
        finally:
            self._epoch = self._closing = None
