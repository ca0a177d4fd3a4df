"""Telling everybody: one ready-made frame for each room, through the channel layer.

At most once is enough: the database is the truth, a frame only says that there is news.
"""

import asyncio
import logging
from collections.abc import Iterable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from rooms import protocol
from rooms.log.batch import Commit

logger = logging.getLogger(__name__)

# A frame on its way to sockets as it is; see chatsite.layers.
FRAME = "fanout.frame"
# Commits whose telling waits for a layer that has no bound of its own; more are not told, and
# rooms.live.repair finds the hole.
MAX_TELLING = 1000

Event = tuple[str, dict]


def room_group(room_id: int) -> str:
    return f"room.{room_id}"


def person_group(person_id: int) -> str:
    return f"person.{person_id}"


def frame(group: str, event: protocol.Event) -> Event:
    """A frame to all sockets of a group, encoded here once."""
    return group, {"type": FRAME, "text": protocol.encode(event)}


def events_of(commit: Commit) -> list[Event]:
    """What a commit has to tell: `changes` to the rooms, `read` to the readers' other tabs."""
    events = []
    for changes in commit.changes:
        for part in split(changes):
            group, event = frame(room_group(part.room), part)
            # For repair, which does not read the text: how far it reaches, in which epoch.
            event |= {"room": part.room, "from": part.from_, "to": part.to, "epoch": commit.epoch}
            events.append((group, event))
    return events + [frame(person_group(person_id), read) for person_id, read in commit.reads]


def split(changes: protocol.Changes) -> list[protocol.Changes]:
    """The same in frames that are not too large, one after the other by version."""
    if protocol.is_small(changes.messages):
        return [changes]
    parts: list[protocol.Changes] = []
    start, space, messages = changes.from_, protocol.MAX_EVENT, list[protocol.MessageState]()
    for message in sorted(changes.messages, key=lambda message: message.version):
        size = protocol.size(message)
        if messages and size > space:
            end = messages[-1].version
            parts.append(protocol.Changes(changes.room, start, end, messages))
            start, space, messages = end, protocol.MAX_EVENT, []
        messages.append(message)
        space -= size
    parts.append(protocol.Changes(changes.room, start, changes.to, messages))
    return parts


async def tell(events: Iterable[Event]) -> None:
    """Sends events, begun in their order. One that fails is logged; the others go on."""
    layer = get_channel_layer()

    async def tell_one(group: str, event: dict) -> None:
        try:
            await layer.group_send(group, event)
        except Exception as problem:
            _not_told(group, problem)

    await asyncio.gather(*(tell_one(group, event) for group, event in events))


def _not_told(group: str, problem: BaseException) -> None:
    if isinstance(problem, OSError):
        # The layer has said that it is away; rooms.live.repair brings what is missing.
        logger.debug("Could not tell %s: %s", group, problem)
    else:
        logger.warning("Could not tell %s; it will find out by itself.", group, exc_info=problem)


# From code that is not in an event loop: pages, the admin, commands.
tell_now = async_to_sync(tell)


class Broadcaster:
    """Tells in the background, so that no ack waits for the layer."""

    def __init__(self) -> None:
        self._telling: set[asyncio.Future[None]] = set()

    def soon(self, events: list[Event]) -> None:
        """Begins at once, also while what was told before still waits for the layer."""
        if begin := getattr(get_channel_layer(), "begin_send", None):
            # The sockets here have it on return, in one write with the acks.
            for group, event in events:
                try:
                    self._watch(group, begin(group, event))
                except Exception as problem:
                    _not_told(group, problem)
        elif events and len(self._telling) < MAX_TELLING:
            self._watch("all", asyncio.get_running_loop().create_task(tell(events)))

    def _watch(self, group: str, telling: asyncio.Future[None]) -> None:
        def told(_telling: asyncio.Future[None]) -> None:
            self._telling.discard(telling)
            if not telling.cancelled() and (problem := telling.exception()):
                _not_told(group, problem)

        self._telling.add(telling)
        telling.add_done_callback(told)

    async def drain(self, seconds: float) -> None:
        """Returns when everything was told, or after this time."""
        if self._telling:
            await asyncio.wait(self._telling, timeout=seconds)
