"""A bad network: a TCP proxy in front of one process."""

import asyncio
import json
import random
from collections.abc import Callable

Tamper = Callable[[list[bytes]], list[bytes]]

CHUNK = 65_536


class Connection:
    """One client's connection to the server. Its switches can be changed at any time."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._client, self._server = client, server
        self.swallow_up = self.swallow_down = False

    def cut(self) -> None:
        """Resets the connection for both ends."""
        for writer in (self._client, self._server):
            writer.transport.abort()


class Proxy:
    """`swallow_up`, `swallow_down`: bytes vanish while both ends stay open; `delay`: seconds for
    each chunk from the server; `tamper`: called with the WebSocket frames of such a chunk."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.connections: set[Connection] = set()
        self.delay = 0.0
        self.tamper: Tamper | None = None
        self.refuse = False

    async def start(self) -> None:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        self.port = self._listener.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        for connection in list(self.connections):
            connection.cut()

    def swallow(self, up: bool, down: bool) -> None:
        """Affects all connections that are open now, but no later ones."""
        for connection in self.connections:
            connection.swallow_up, connection.swallow_down = up, down

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.refuse:
                raise ConnectionRefusedError
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(writer, server_writer)
        self.connections.add(connection)
        ways = [
            asyncio.create_task(self._up(connection, reader, server_writer)),
            asyncio.create_task(self._down(connection, server_reader, writer)),
        ]
        try:
            # If one end closes, the other is closed too.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.connections.discard(connection)
            for way in ways:
                way.cancel()
            for end in (writer, server_writer):
                end.close()

    async def _up(
        self, connection: Connection, reader: asyncio.StreamReader, to: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(CHUNK):
                if not connection.swallow_up:
                    to.write(data)
                    await to.drain()
        except OSError:
            pass

    async def _down(
        self, connection: Connection, reader: asyncio.StreamReader, to: asyncio.StreamWriter
    ) -> None:
        try:
            # The handshake response; frames follow.
            to.write(await reader.readuntil(b"\r\n\r\n"))
            rest = b""
            while data := await reader.read(CHUNK):
                frames, rest = split(rest + data)
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self.tamper is not None:
                    frames = self.tamper(frames)
                if not connection.swallow_down:
                    to.write(b"".join(frames))
                    await to.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Splits a server's unmasked WebSocket frames (RFC 6455, 5.2). Returns them and the rest."""
    frames, at = [], 0
    while len(data) >= at + 2:
        size, head = data[at + 1] & 0x7F, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            if len(data) < at + head:
                break
            size = int.from_bytes(data[at + 2 : at + head], "big")
        if len(data) < at + head + size:
            break
        frames.append(data[at : at + head + size])
        at += head + size
    return frames, data[at:]


def is_news(frame: bytes) -> bool:
    """Whether it came through the channel layer, which may lose, duplicate and reorder. Excludes
    answers, `hello`, `bye`, and control frames."""
    if frame[0] & 0x0F != 1:
        return False
    event = json.loads(frame[frame.index(b"{") :])
    return event.get("ref") is None and event["type"] in {"changes", "read", "typing", "presence"}


class Scramble:
    """Drops, duplicates, delays and reorders broadcasts."""

    def __init__(self, rng: random.Random, drop: float, double: float, hold: float) -> None:
        self._random, self._drop, self._double, self._hold = rng, drop, double, hold
        self.counts = {"dropped": 0, "doubled": 0, "held": 0}

    def __call__(self, frames: list[bytes]) -> list[bytes]:
        # Delays only within a chunk, whose frames were in flight at the same time.
        kept: list[bytes] = []
        late: list[bytes] = []
        for frame in frames:
            if not is_news(frame):
                kept.append(frame)
            elif (dice := self._random.random()) < self._drop:
                self.counts["dropped"] += 1
            elif dice < self._drop + self._double:
                self.counts["doubled"] += 1
                kept.append(frame)
                late.append(frame)
            elif dice < self._drop + self._double + self._hold:
                self.counts["held"] += 1
                late.append(frame)
            else:
                kept.append(frame)
        self._random.shuffle(late)
        return kept + late
