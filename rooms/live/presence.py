"""Presence: each process tells the others who is online, every 20 s and on changes.

Messages may be lost. A process's presence expires after 60 s, so people stay online no longer
than that when it is killed.
"""

import asyncio
import logging
import time
import uuid

from channels.layers import get_channel_layer

from rooms import protocol
from rooms.conf import conf
from rooms.live.layer import Layer
from rooms.live.sockets import Socket, Sockets

logger = logging.getLogger(__name__)

GROUP = "presence"


class Presence:
    """The people online in all processes, as far as this process knows."""

    def __init__(self, sockets: Sockets, layer: Layer) -> None:
        self._sockets, self._layer = sockets, layer
        self._id = uuid.uuid4().hex
        self._elsewhere: dict[str, tuple[float, set[int]]] = {}  # by process: expiry time, people
        self._told: set[int] = set()
        self._changed = asyncio.Event()

    def online(self) -> set[int]:
        now = time.monotonic()
        self._elsewhere = {
            process: (until, people)
            for process, (until, people) in self._elsewhere.items()
            if until > now
        }
        return self._sockets.people().union(*(people for _, people in self._elsewhere.values()))

    def changed(self) -> None:
        """A socket was opened or closed."""
        self._changed.set()

    def greet(self, socket: Socket, people: set[int]) -> None:
        """Tells a new socket which of these people are online."""
        if online := self.online() & people:
            socket.push(protocol.Presence({str(id): "online" for id in online}))

    async def listen(self) -> None:
        """Listens to the other processes, forever."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    self._hear(await layer.receive(channel))
            except Exception as problem:
                logger.warning("Cannot receive presence from other processes: %s", problem)
                await asyncio.sleep(conf.PRESENCE_EVERY)

    def _hear(self, event: dict) -> None:
        if event["type"] == "presence.told" and event["process"] != self._id:
            until = time.monotonic() + conf.PRESENCE_LIFETIME
            self._elsewhere[event["process"]] = (until, set(event["people"]))
            self._tell_sockets()

    async def tell(self) -> None:
        """Tells the other processes and the sockets here, forever."""
        while True:
            people = list(self._sockets.people())
            event = {"type": "presence.told", "process": self._id, "people": people}
            await asyncio.gather(self._layer.send(GROUP, event), return_exceptions=True)
            self._tell_sockets()
            try:
                await asyncio.wait_for(self._changed.wait(), conf.PRESENCE_EVERY)
                await asyncio.sleep(conf.PRESENCE_SETTLE)
            except TimeoutError:
                pass
            self._changed.clear()

    def _tell_sockets(self) -> None:
        """Sends the sockets here the changes since the last call."""
        online = self.online()
        came, went = online - self._told, self._told - online
        self._told = online
        if came or went:
            frame = protocol.Presence({str(id): "online" for id in came})
            frame.people.update((str(id), "offline") for id in went)
            text = protocol.encode(frame)
            for socket in self._sockets:
                socket.outbound.push(text)
