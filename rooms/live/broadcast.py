"""Telling everybody: one encoded frame for each room, through the channel layer.

At most once is enough: the database is the truth, and a frame only says that there is news.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial

from asgiref.sync import async_to_sync

from rooms import protocol
from rooms.live import layer
from rooms.log.requests import Commit

logger = logging.getLogger(__name__)

Event = tuple[str, dict]


def room_group(room_id: int) -> str:
    return f"room.{room_id}"


def person_group(person_id: int) -> str:
    return f"person.{person_id}"


def frame(group: str, event: protocol.Event) -> Event:
    """A frame to all sockets of a group, encoded here once."""
    return group, {"type": layer.FRAME, "text": protocol.encode(event)}


def events_of(commit: Commit) -> list[Event]:
    """What a commit has to tell: `changes` to the rooms, what is for one person's sockets."""
    events = []
    for changes in commit.changes:
        for part in split(changes):
            group, event = frame(room_group(part.room), part)
            # For repair, which does not read the text: how far it reaches, in which epoch.
            event |= {"room": part.room, "from": part.from_, "to": part.to, "epoch": commit.epoch}
            events.append((group, event))
    return events + [frame(person_group(person_id), event) for person_id, event in commit.events]


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
    """Sends events in their order. One that fails is logged; the others go on."""
    broadcaster = Broadcaster(layer.of_site())
    broadcaster.soon(events)
    await broadcaster.drain()


# For code that is not in an event loop: pages, the admin, commands.
tell_now = async_to_sync(tell)


class Broadcaster:
    """Tells in the background, so that no ack waits for the layer."""

    def __init__(self, to: layer.Layer) -> None:
        self._layer = to
        self._telling: set[asyncio.Future[None]] = set()

    def soon(self, events: Iterable[Event]) -> None:
        """Begins at once, even while earlier events wait for the layer."""
        for group, event in events:
            try:
                telling = self._layer.send(group, event)
            except Exception as problem:
                _not_told(group, problem)
            else:
                self._telling.add(telling)
                telling.add_done_callback(partial(self._told, group))

    def _told(self, group: str, telling: asyncio.Future[None]) -> None:
        self._telling.discard(telling)
        if not telling.cancelled() and (problem := telling.exception()):
            _not_told(group, problem)

    async def drain(self, seconds: float | None = None) -> None:
        """Returns when everything was told, or after this time."""
        if self._telling:
            await asyncio.wait(self._telling, timeout=seconds)


def _not_told(group: str, problem: BaseException) -> None:
    if isinstance(problem, OSError):
        # The layer has logged that it is away. rooms.live.repair brings what is missing.
        logger.debug("Could not tell %s: %s", group, problem)
    else:
        logger.warning("Could not tell %s; it will find out by itself.", group, exc_info=problem)
