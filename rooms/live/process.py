"""The state shared by the sockets of a process."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any
from weakref import WeakKeyDictionary

from rooms import protocol
from rooms.database.threads import read
from rooms.following.runner import runner
from rooms.live import layer
from rooms.live.broadcast import Broadcaster
from rooms.live.epoch import Epoch
from rooms.live.facts import Facts
from rooms.live.groups import Groups
from rooms.live.heads import Heads
from rooms.live.limits import MAX_SOCKETS, Limits
from rooms.live.presence import Presence
from rooms.live.repair import Repair
from rooms.live.repeating import repeat
from rooms.live.revocation import Comparer
from rooms.live.sockets import Socket, Sockets
from rooms.live.writer import Writer
from rooms.reading import queries

# Seconds per socket over which clients of a stopping process reconnect, about the time that a
# server needs for a `hello`, with a minimum and a maximum.
COMING_BACK_EACH = 0.0025
COMING_BACK = (0.2, 4.0)
# Seconds to wait for the channel layer on shutdown.
TELL_WITHIN = 2.0


class Process:
    """Belongs to one event loop, like the server's process."""

    def __init__(self) -> None:
        self.ending = False  # new frames are not answered; clients resend them elsewhere
        self.sockets = Sockets()
        self.limits = Limits()
        self.layer = layer.of_site()
        self.groups = Groups(self.layer)
        self.broadcaster = Broadcaster(self.layer)
        self.heads = Heads()
        self.facts = Facts(self.sockets, self.heads)
        self.epoch = Epoch(self.sockets, self.heads)
        self.writer = Writer(self.epoch, self.broadcaster)
        self.repair = Repair(self.sockets, self.layer, self.epoch, self.heads, self.facts)
        self.comparer = Comparer(self.sockets, self.layer, self.groups, self.facts)
        self.presence = Presence(self.sockets, self.layer)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Called by the server's startup, or for the first socket."""
        if not self._tasks:
            self.layer.observe(self.repair.allows)
            self._run(repeat("Repair", self.repair.compare, self.repair.interval))
            self._run(repeat("Revocation", self.comparer.compare_all, self.comparer.interval))
            self._run(self.presence.listen())
            self._run(self.presence.tell())
            runner.start()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def stop(self) -> None:
        """Sends `bye` and finishes the writes in flight."""
        self.ending = True
        self._say_goodbye()
        await self.writer.drain()
        await self.broadcaster.drain(TELL_WITHIN)
        await asyncio.to_thread(runner.stop)
        for task in self._tasks:
            task.cancel()

    def _say_goodbye(self) -> None:
        """Sends `bye` with a random delay, so that clients do not all reconnect at once."""
        shortest, longest = COMING_BACK
        seconds = min(longest, max(shortest, len(self.sockets) * COMING_BACK_EACH))
        for socket in self.sockets:
            socket.push(protocol.Bye(int(random.uniform(0, seconds) * 1000)))

    # Sockets

    def has_room_for(self, person_id: int) -> bool:
        return len(self.sockets.of(person_id)) < MAX_SOCKETS

    async def enter(self, socket: Socket) -> protocol.Hello:
        """Sends hello to a socket, followed by everything since. May fail halfway."""
        self.start()
        # Join groups before reading hello, so that no commit in between is missed.
        socket.outbound.hold()
        self.sockets.add(socket)
        await self.groups.enter(socket)
        await self.groups.only_in(socket, await read(queries.room_ids, socket.person_id))
        hello = await read(queries.hello, socket.person_id)
        await self.groups.only_in(socket, {state.id for state in hello.rooms})
        self.epoch.greeted(hello.epoch)
        for state in hello.rooms:
            self.heads.entered(state.id, state.version)
        socket.outbound.release(protocol.encode(hello))
        self.presence.greet(socket, {p.id for state in hello.rooms for p in state.people or ()})
        self.presence.changed()
        return hello

    def withdraw(self, socket: Socket) -> None:
        """Stops delivery to the socket."""
        self.layer.detach(socket.channel_name)
        self.sockets.remove(socket)
        self.presence.changed()

    async def leave(self, socket: Socket) -> None:
        """Cleans up after a closed socket."""
        self.withdraw(socket)
        await self.groups.leave(socket)


_processes: WeakKeyDictionary[asyncio.AbstractEventLoop, Process] = WeakKeyDictionary()


def current() -> Process:
    """Returns the process object of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _processes:
        _processes[loop] = Process()
    return _processes[loop]
