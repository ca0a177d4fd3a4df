"""Tests the generator against a server that loses, duplicates and swaps a message.

If the generator finds no faults here, it is broken, and so is every 0 in the table.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.designs import Cores, Protocol, Server
from bench.workloads import Workload, measure

WORKLOAD = Workload("control", "control", "closed", people=4, senders=1, in_flight=1)
WRONG = 10  # the message affected


class Broken:
    """A room where the sender gets everything and each of the others suffers one fault."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.sockets: list[ServerConnection] = []
        self.version = 0
        self.before = ""

    async def serve(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await self.chat(socket)

    async def chat(self, socket: ServerConnection) -> None:
        self.sockets.append(socket)
        if self.protocol == "chat":
            hello = {"type": "hello", "rooms": [{"id": 1, "version": 0}]}
            await socket.send(json.dumps(hello))
        async for text in socket:
            command = json.loads(text)
            if command.get("type") == "ping":
                continue
            self.version += 1
            others = [other for other in self.sockets if other is not socket]
            frame = self.frame(command)
            await socket.send(frame)
            if self.protocol == "chat":
                ack = {"type": "ack", "ref": command["ref"], "version": self.version}
                await socket.send(json.dumps(ack))
            for other, texts in zip(others, self.faults(frame), strict=True):
                for text in texts:
                    await other.send(text)
            self.before = frame

    def frame(self, command: dict) -> str:
        if self.protocol == "plain":
            return json.dumps(command)
        message = {"body": command["body"], "version": self.version, "reactions": [{"people": [1]}]}
        versions = {"to": self.version, "from": self.version - 1}
        return json.dumps({"type": "changes", "room": 1, **versions, "messages": [message]})

    def faults(self, frame: str) -> Iterator[list[str]]:
        """Yields the frames that each of the others gets."""
        yield [] if self.version == WRONG else [frame]
        yield [frame, frame] if self.version == WRONG else [frame]
        late = {WRONG: [], WRONG + 1: [frame, self.before]}
        yield late.get(self.version, [frame])


async def _run(protocol: Protocol, cores: Cores) -> tuple[int, int, int]:
    async with serve(Broken(protocol).serve, "127.0.0.1", 0, compression=None) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        pid = os.getpid()
        server = Server(protocol, "/", port, pid, pid, {"control_0": 1})
        found = await asyncio.to_thread(measure, protocol, WORKLOAD, server, cores, 0.5, 0.1)
    return found.lost, found.doubled, found.reordered


def check_generator(cores: Cores) -> None:
    """Raises RuntimeError unless it finds exactly one of each."""
    protocols: tuple[Protocol, ...] = ("chat", "plain")
    for protocol in protocols:
        found = asyncio.run(_run(protocol, cores))
        if found != (1, 1, 1):
            raise RuntimeError(f"Expected 1 lost, doubled and swapped ({protocol}), found {found}.")
