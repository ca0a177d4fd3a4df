"""Keeps the state of the sockets here equal to the database.

The channel layer may lose anything. So each process reads the versions of its rooms every few
seconds. If a change was already in the database at the previous pass and was not sent here since,
it is read and sent. A lost frame is at most two intervals late, and people on different
processes can talk while Redis is down.
"""

from rooms import protocol
from rooms.conf import conf
from rooms.database.threads import read
from rooms.live.epoch import Epoch
from rooms.live.facts import Facts
from rooms.live.heads import Heads
from rooms.live.layer import Layer
from rooms.live.sockets import Sockets
from rooms.reading import queries


class Repair:
    def __init__(
        self, sockets: Sockets, layer: Layer, epoch: Epoch, heads: Heads, facts: Facts
    ) -> None:
        self._sockets, self._layer = sockets, layer
        self._epoch, self._heads, self._facts = epoch, heads, facts
        self._before: queries.StoredRooms | None = None

    def interval(self) -> float:
        return conf.REPAIR_EVERY if self._layer.healthy else conf.REPAIR_EVERY_WHILE_AWAY

    def allows(self, event: dict) -> bool:
        """Whether the sockets here may get a frame. Records the versions it covers."""
        if not self._epoch.accepts(event.get("epoch")):
            return False
        if "room" in event:
            self._heads.told(event["room"], event["from"], event["to"])
        return True

    async def compare(self) -> None:
        """Sends changes that were already in the database at the previous pass."""
        rooms = self._sockets.rooms()
        self._heads.keep_only(rooms)
        if not rooms and self._before is None:
            return
        before, self._before = self._before, await read(queries.stored_rooms, rooms)
        now = self._before
        if not self._epoch.accepts(now.epoch):
            return
        self._heads.stored({room: seen.version for room, seen in now.rooms.items()})
        if before is None or before.epoch != now.epoch:
            return
        for room, seen in now.rooms.items():
            earlier = before.rooms.get(room)
            if earlier is None:
                continue
            if (told := self._heads.behind(room, earlier.version)) is not None:
                await self._tell_changes(room, told)
            if seen.facts != earlier.facts:
                self._facts.tell(room)

    async def _tell_changes(self, room: int, after: int) -> None:
        changes = await read(queries.changes, room, after)
        text = protocol.encode(changes)
        for socket in self._sockets.in_room(room):
            socket.outbound.push(text)
        # Too many changes come without messages, and clients fetch the missing ones.
        self._heads.skipped(room, changes.from_)
        self._heads.told(room, changes.from_, changes.to)
