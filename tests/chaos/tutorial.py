"""The control: the Channels tutorial's chat under the same faults. If the checker finds nothing
there, it is broken."""

import asyncio
import json
import random
import signal
import time
from collections import Counter
from itertools import pairwise

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.chaos.checker import Result
from tests.services import redis_server
from tests.site import DAPHNE, Daphne, Site

# Messages sent at once; the layer buffers 100 per process.
BURST = 300


class Visitor:
    """The tutorial's page, extended to reconnect. It shows all messages it gets."""

    def __init__(self, name: str, urls: list[str], seed: int) -> None:
        self.name, self.urls = name, urls
        self.random = random.Random(f"{seed}/{name}")
        self.sent: list[str] = []
        self.seen: list[str] = []
        self.connection: ClientConnection | None = None

    async def live(self) -> None:
        while True:
            try:
                url = self.random.choice(self.urls).replace("http", "ws", 1)
                async with connect(url + "/ws/chat/lobby/", close_timeout=1) as self.connection:
                    async for text in self.connection:
                        self.seen.append(json.loads(text)["message"])
            except (OSError, TimeoutError, EOFError, WebSocketException):
                pass
            self.connection = None
            await asyncio.sleep(self.random.uniform(0.1, 0.5))

    async def say(self) -> None:
        """A message written to an open socket counts as sent: the page cannot know better."""
        if self.connection is not None:
            message = f"{self.name} {len(self.sent)}"
            try:
                await self.connection.send(json.dumps({"message": message}))
            except WebSocketException:
                return
            self.sent.append(message)

    async def type(self) -> None:
        while True:
            await asyncio.sleep(self.random.expovariate(5))
            await self.say()


def check(visitors: list[Visitor], result: Result) -> None:
    """Asks the same questions: did everybody get everything, once, in the same order?"""
    sent = [message for visitor in visitors for message in visitor.sent]
    result.sent = result.acked = len(sent)  # the tutorial has no acks
    lost = {m for m in sent for visitor in visitors if m not in visitor.seen}
    result.lost = len(lost)
    for visitor in visitors:
        times = Counter(visitor.seen)
        result.doubled += sum(number - 1 for number in times.values())
        place = {message: number for number, message in enumerate(visitors[0].seen)}
        common = [place[message] for message in visitor.seen if message in place]
        result.reordered += sum(a > b for a, b in pairwise(common))
    if result.lost:
        result.violations.append(f"{result.lost} of {len(sent)} messages did not reach everybody")
    if result.reordered:
        result.violations.append(f"{result.reordered} messages in another order for others")


async def run_tutorial(seed: int, clients: int = 9) -> Result:
    """Kills and restarts a process, then sends a burst of messages."""
    result = Result("the-tutorial", seed, "core layer + daphne", clients)
    began = time.monotonic()
    with redis_server() as redis:
        site = Site("sqlite:///FOLDER/none", {"REDIS_URL": redis.url}, 2)
        visitors: list[Visitor] = []
        tasks: list[asyncio.Task[None]] = []
        try:
            for port in site.ports:
                command = [DAPHNE, "-p", str(port), "-v", "0"]
                command.append("tests.chaos.tutorial_site:application")
                site.processes.append(await asyncio.to_thread(Daphne, site, port, command))
            urls = [process.url for process in site.processes]
            visitors = [Visitor(f"v{number}", urls, seed) for number in range(clients)]
            tasks = [asyncio.create_task(visitor.live()) for visitor in visitors]
            async with asyncio.timeout(10):
                while not all(visitor.connection for visitor in visitors):
                    await asyncio.sleep(0.05)
            typing = [asyncio.create_task(visitor.type()) for visitor in visitors]
            await asyncio.sleep(1)
            await asyncio.to_thread(site.processes[0].restart, signal.SIGKILL)
            await asyncio.sleep(1)
            for task in typing:
                task.cancel()
            await asyncio.sleep(1)
            before = sum(len(visitor.sent) for visitor in visitors)
            for _ in range(BURST):
                await visitors[0].say()
            await asyncio.sleep(3)
            burst = sum(len(visitor.sent) for visitor in visitors) - before
            result.notes.append(f"{burst} of them at once")
        finally:
            for task in tasks:
                task.cancel()
            site.close()
    check(visitors, result)
    result.seconds = time.monotonic() - began
    return result
