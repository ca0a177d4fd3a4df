"""Keeping what the sockets here were told equal to the database.

The channel layer may lose anything. Each process looks at the versions of its rooms every few
seconds; what the database had at one look and was not fanned out here by the next is read from the
database and told. So a lost frame is at most two looks late, and with Redis away people on
different processes still talk.
"""

import asyncio
import logging
import random
from collections.abc import Iterable

from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError

from rooms import protocol
from rooms.database.threads import read
from rooms.live.sockets import Socket, here
from rooms.reading import queries

logger = logging.getLogger(__name__)

# Seconds between two looks.
LOOK = 2.0
LOOK_WHILE_AWAY = 0.4  # with the layer away every frame of other processes comes this way
RESTORED = 1000  # the close code with which everybody is sent to begin anew


class Repair:
    """One per process."""

    def __init__(self) -> None:
        self._told: dict[int, int] = {}  # room → version up to which all was fanned out here
        self._early: dict[int, list[tuple[int, int]]] = {}  # frames that came before their time
        self._look: queries.Look | None = None
        self._epoch: str | None = None  # that the sockets here live in
        self._beginning: asyncio.Task[None] | None = None
        self._asked: dict[int, set[Socket]] = {}  # who is to be told what a room is like now
        self._telling: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """From the first socket on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
            if observe := getattr(get_channel_layer(), "observe", None):
                observe(self.heard)

    # What was told

    def heard(self, event: dict) -> bool:
        """Whether the sockets here may have a frame, which says how far it reaches."""
        if not self.lives_in(event.get("epoch")):
            return False
        if (room := event.get("room")) in self._told:
            self._reached(room, event["from"], event["to"])
        return True

    def _reached(self, room: int, start: int, end: int) -> None:
        if start > self._told[room]:
            self._early.setdefault(room, []).append((start, end))
            return
        self._told[room] = max(self._told[room], end)
        for early in sorted(self._early.pop(room, ())):
            self._reached(room, *early)

    def lives_in(self, epoch: str | None) -> bool:
        """Whether what is of this epoch is for the sockets here; if not, they begin anew."""
        if epoch is None or self._epoch in {None, epoch}:
            return True
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._begin_anew())
        return False

    def greeted(self, epoch: str) -> None:
        """A socket was told this epoch."""
        self._epoch = self._epoch or epoch

    def entered(self, room_id: int, version: int) -> None:
        """A socket that knows the room up to this version is in its group now."""
        self._told.setdefault(room_id, version)

    def heads(self, rooms: set[int]) -> dict[str, int]:
        """The newest known version of each of the rooms, at most one look old."""
        seen = self._look.rooms if self._look else {}
        return {
            str(room): max(self._told[room], seen[room].version if room in seen else 0)
            for room in rooms
            if room in self._told
        }

    # Looking

    async def _run(self) -> None:
        while True:
            healthy = getattr(get_channel_layer(), "healthy", True)
            await asyncio.sleep(LOOK if healthy else LOOK_WHILE_AWAY)
            try:
                await self._tick()
            except (DatabaseError, InterfaceError) as problem:
                logger.warning("The rooms cannot be looked at: %s", problem)
            except Exception:
                logger.exception("A look at the rooms failed.")

    async def _tick(self) -> None:
        rooms = here.rooms()
        for gone in self._told.keys() - rooms:
            del self._told[gone]
            self._early.pop(gone, None)
        before = self._look
        if not rooms and before is None:
            return
        self._look = look = await read(queries.look, rooms)
        if not self.lives_in(look.epoch):
            return
        if before is None:
            return
        for room, facts in look.rooms.items():
            earlier = before.rooms.get(room)
            if earlier is None:
                continue
            if room in self._told and self._told[room] < earlier.version:
                await self._mend(room)
            if facts.shown != earlier.shown:
                self.refresh(room)

    async def _mend(self, room: int) -> None:
        changes = await read(queries.changes, room, self._told[room])
        text = protocol.encode(changes)
        for socket in here.in_room(room):
            socket.push_text(text)
        if room in self._told:
            # Too much to tell is told without messages, and each client asks for what it lacks.
            self._told[room] = max(self._told[room], changes.from_)
            self._reached(room, changes.from_, changes.to)

    async def _begin_anew(self) -> None:
        """A backup was restored: everything anybody holds is of another life of the database."""
        logger.warning("The database has a new epoch: all sockets begin anew.")
        self._told.clear()
        self._early.clear()
        try:
            for socket in here:
                socket.push(protocol.Bye(random.randrange(1000)))
                await socket.end(RESTORED)
        finally:
            self._epoch = self._look = self._beginning = None

    # What a room is called, and so on

    def refresh(self, room: int, sockets: Iterable[Socket] | None = None) -> None:
        """Tells the sockets here, or all of them that are in the room, what it is like now."""
        if not self._asked:
            # Lets the other sockets of this process that got the same event ask too.
            asyncio.get_running_loop().call_later(0.02, self._refresh)
        asking = here.in_room(room) if sockets is None else sockets
        self._asked.setdefault(room, set()).update(asking)

    def _refresh(self) -> None:
        asked, self._asked = self._asked, {}
        for room, sockets in asked.items():
            self._telling.add(task := asyncio.create_task(self._tell_facts(room, sockets)))
            task.add_done_callback(self._telling.discard)

    async def _tell_facts(self, room: int, sockets: set[Socket]) -> None:
        people = {socket.person_id for socket in sockets}
        try:
            states = await read(queries.rooms_of, people, room)
        except (DatabaseError, InterfaceError) as problem:
            logger.warning("Room %d cannot be looked at: %s", room, problem)
            return
        for socket in sockets:
            for state in states[socket.person_id]:
                self.entered(room, state.version)
                socket.push(protocol.RoomChanged(state))


repair = Repair()
