"""Who is online: each process tells the others every 20 s and when it changes.

It may be lost: what a process said is forgotten after 60 s, so that a killed one leaves nobody
online for longer.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable

from channels.layers import get_channel_layer

from rooms import protocol

GROUP = "presence"
BEAT = 20.0  # seconds between what a process says
LIFETIME = 60.0  # seconds for which it holds
SETTLE = 1.0  # seconds in which changes are gathered, so that a reload is no change at all

Push = Callable[[str], None]


class Presence:
    """The people online at all processes, as this process knows them."""

    def __init__(self) -> None:
        self._process = uuid.uuid4().hex
        self._here: Counter[int] = Counter()
        self._elsewhere: dict[str, tuple[float, set[int]]] = {}
        self._told: set[int] = set()
        self._sockets: set[Push] = set()
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def online(self) -> set[int]:
        now = time.monotonic()
        self._elsewhere = {
            process: (until, people)
            for process, (until, people) in self._elsewhere.items()
            if until > now
        }
        return set(self._here).union(*(people for _until, people in self._elsewhere.values()))

    def enter(self, person_id: int, push: Push) -> None:
        """A socket of the person opened; it hears of changes through `push`."""
        if not self._tasks:
            loop = asyncio.get_running_loop()
            self._tasks = [loop.create_task(self._listen()), loop.create_task(self._beat())]
        self._sockets.add(push)
        self._here[person_id] += 1
        self._changed.set()

    def leave(self, person_id: int, push: Push) -> None:
        self._sockets.discard(push)
        self._here[person_id] -= 1
        if not self._here[person_id]:
            del self._here[person_id]
        self._changed.set()

    async def _listen(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    event = await layer.receive(channel)
                    if event["process"] != self._process:
                        until = time.monotonic() + LIFETIME
                        self._elsewhere[event["process"]] = (until, set(event["people"]))
                        self._tell()
            except OSError:
                await asyncio.sleep(BEAT)

    async def _beat(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                people = list(self._here)
                event = {"type": "presence.beat", "process": self._process, "people": people}
                await layer.group_send(GROUP, event)
            except OSError:
                pass
            self._tell()
            try:
                await asyncio.wait_for(self._changed.wait(), BEAT)
                await asyncio.sleep(SETTLE)
            except TimeoutError:
                pass
            self._changed.clear()

    def _tell(self) -> None:
        """Tells the sockets here what is different from what they were told last."""
        online = self.online()
        came, went = online - self._told, self._told - online
        self._told = online
        if came or went:
            frame = protocol.Presence({str(id): "online" for id in came})
            frame.users.update((str(id), "offline") for id in went)
            text = protocol.encode(frame)
            for push in tuple(self._sockets):
                push(text)


presence = Presence()
