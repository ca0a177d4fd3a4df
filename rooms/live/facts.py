"""Sends a room's current facts: its name, its people, the reader's own marks."""

import asyncio
import logging
from collections.abc import Iterable

from django.db import DatabaseError, InterfaceError

from rooms import protocol
from rooms.database.threads import read
from rooms.live.heads import Heads
from rooms.live.sockets import Socket, Sockets
from rooms.reading import queries

logger = logging.getLogger(__name__)

# Seconds to collect sockets that got the same event, so that they share one query.
GATHER = 0.02


class Facts:
    def __init__(self, sockets: Sockets, heads: Heads) -> None:
        self._sockets, self._heads = sockets, heads
        self._asked: dict[int, set[Socket]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def tell(self, room: int, sockets: Iterable[Socket] | None = None) -> None:
        """Schedules sending to these sockets, or to all in the room."""
        if not self._asked:
            asyncio.get_running_loop().call_later(GATHER, self._tell_all)
        asking = self._sockets.in_room(room) if sockets is None else sockets
        self._asked.setdefault(room, set()).update(asking)

    def _tell_all(self) -> None:
        asked, self._asked = self._asked, {}
        for room, sockets in asked.items():
            self._telling.add(task := asyncio.create_task(self._tell(room, sockets)))
            task.add_done_callback(self._telling.discard)

    async def _tell(self, room: int, sockets: set[Socket]) -> None:
        people = {socket.person_id for socket in sockets}
        try:
            states = await read(queries.rooms_of, people, room)
        except (DatabaseError, InterfaceError) as problem:
            logger.warning("Cannot read room %d: %s", room, problem)
            return
        for socket in sockets:
            for state in states[socket.person_id]:
                self._heads.entered(room, state.version)
                socket.push(protocol.RoomChanged(state))
