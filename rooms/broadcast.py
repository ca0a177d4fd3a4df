"""Telling everybody: one ready-made frame for each room, through the channel layer.

At most once is enough: the database is the truth, a frame only says that there is news.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from rooms import protocol
from rooms.log import Commit

logger = logging.getLogger(__name__)

# A frame on its way to sockets as it is; see chatsite.layers.
FRAME = "fanout.frame"
# With the layer away this many frames wait; older ones are dropped, and clients find the hole.
MAX_WAITING = 1000

Event = tuple[str, dict]


def room_group(room_id: int) -> str:
    return f"room.{room_id}"


def user_group(user_id: int) -> str:
    return f"user.{user_id}"


def frame(group: str, event: protocol.Event) -> Event:
    """A frame to all sockets of a group, encoded here once."""
    return group, {"type": FRAME, "text": protocol.encode(event)}


def events_of(commit: Commit) -> list[Event]:
    """What a commit has to tell: `changes` to the rooms, `read` to the readers' other tabs."""
    return [frame(room_group(changes.room), changes) for changes in commit.changes] + [
        frame(user_group(user_id), read) for user_id, read in commit.reads
    ]


async def tell(events: Iterable[Event]) -> None:
    """Sends events in their order. One that fails is logged; the others go on."""
    layer = get_channel_layer()
    for group, event in events:
        try:
            await layer.group_send(group, event)
        except Exception:
            logger.warning("Could not tell %s; it will find out by itself.", group, exc_info=True)


# From code that is not in an event loop: pages, the admin, commands.
tell_now = async_to_sync(tell)


class Broadcaster:
    """Tells in the background, so that no ack waits for the layer."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self._task: asyncio.Task[None] | None = None

    def soon(self, events: Iterable[Event]) -> None:
        self._waiting.extend(events)
        if self._waiting and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting:
                await tell([self._waiting.popleft()])
        finally:
            self._task = None
