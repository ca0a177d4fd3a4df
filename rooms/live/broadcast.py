"""Broadcasting: one encoded frame per room, through the channel layer.

At-most-once delivery is enough: the database is the truth, and a frame only announces changes.
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
    """Returns an event that sends a frame to all sockets of a group. Encodes it once."""
    return group, {"type": layer.FRAME, "text": protocol.encode(event)}


def events_of(commit: Commit) -> list[Event]:
    """The events of a commit: `changes` for rooms, and frames for the sockets of one person."""
    events = []
    for changes in commit.changes:
        for part in split(changes):
            group, event = frame(room_group(part.room), part)
            # For repair, which does not parse the text: the versions it covers, and the epoch.
            event |= {"room": part.room, "from": part.from_, "to": part.to, "epoch": commit.epoch}
            events.append((group, event))
    return events + [frame(person_group(person_id), event) for person_id, event in commit.events]


def split(changes: protocol.Changes) -> list[protocol.Changes]:
    """Splits changes into frames that are not too large, ordered by version."""
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
    """Sends events in order. A failure is logged and does not stop the others."""
    broadcaster = Broadcaster(layer.of_site())
    broadcaster.soon(events)
    await broadcaster.drain()


# For code outside an event loop: pages, the admin, commands.
tell_now = async_to_sync(tell)


class Broadcaster:
    """Sends in the background, so that acks do not wait for the layer."""

    def __init__(self, to: layer.Layer) -> None:
        self._layer = to
        self._telling: set[asyncio.Future[None]] = set()

    def soon(self, events: Iterable[Event]) -> None:
        """Starts sending at once, even while earlier events wait for the layer."""
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
        """Returns when everything has been sent, or after `seconds`."""
        if self._telling:
            await asyncio.wait(self._telling, timeout=seconds)


def _not_told(group: str, problem: BaseException) -> None:
    if isinstance(problem, OSError):
        # The layer has already logged that it is down. rooms.live.repair sends the missing changes.
        logger.debug("Could not send to %s: %s", group, problem)
    else:
        logger.warning("Could not send to %s. Clients will catch up.", group, exc_info=problem)
