"""Who is online: each process tells the others every 20 s, and when it changes.

A message may be lost. What a process said is forgotten after 60 s, so when it is killed, nobody
stays online for longer.
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
    """The people online at all processes, as this process knows them."""

    def __init__(self, sockets: Sockets, layer: Layer) -> None:
        self._sockets, self._layer = sockets, layer
        self._id = uuid.uuid4().hex
        self._elsewhere: dict[str, tuple[float, set[int]]] = {}  # by process: until when, who
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
        """A socket came or went."""
        self._changed.set()

    def greet(self, socket: Socket, people: set[int]) -> None:
        """Tells a new socket which of these people are online."""
        if online := self.online() & people:
            socket.push(protocol.Presence({str(id): "online" for id in online}))

    async def listen(self) -> None:
        """Hears the other processes, for ever."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    self._hear(await layer.receive(channel))
            except Exception as problem:
                logger.warning("Other processes' presence cannot be heard: %s", problem)
                await asyncio.sleep(conf.PRESENCE_EVERY)

    def _hear(self, event: dict) -> None:
        if event["type"] == "presence.told" and event["process"] != self._id:
            until = time.monotonic() + conf.PRESENCE_LIFETIME
            self._elsewhere[event["process"]] = (until, set(event["people"]))
            self._tell_sockets()

    async def tell(self) -> None:
        """Tells the other processes and the sockets here, for ever."""
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
        """Tells the sockets here what is different from what they were told last."""
        online = self.online()
        came, went = online - self._told, self._told - online
        self._told = online
        if came or went:
            frame = protocol.Presence({str(id): "online" for id in came})
            frame.people.update((str(id), "offline") for id in went)
            text = protocol.encode(frame)
            for socket in self._sockets:
                socket.outbound.push(text)
