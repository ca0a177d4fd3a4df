"""daphne, hardened for a chat. `manage.py serve` runs it; the application works without it too.

What it adds to daphne 4.2: bounds on what a client can make it hold in memory, an end in which
nothing that was begun is lost, and a short way for frames.

The short way is an ASGI extension: `scope["extensions"]["chatsite.frames"]` is {"make": a function
from text to a frame, which may go to many sockets, "write": a function that writes a frame to this
socket, in order with what `send` writes, and never waits}.
"""

import asyncio
import logging
import socket
import sys
import time
from contextlib import suppress
from functools import partial
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from chatsite.queues import OneReaderQueue

logger = logging.getLogger(__name__)

# daphne's own is 50: of a thousand reconnects at once most would wait for a retry of their SYN.
BACKLOG = 1024
# Bytes of one message from a client; of a longer one the application gets the beginning and one
# byte more, so that it can say so.
MAX_MESSAGE = 65_536
# Bytes of one HTTP request's body, which daphne gathers in memory.
MAX_HTTP_BODY = 1024 * 1024
# Frames of one socket that wait for the application; with more nothing is read from it.
MAX_INBOUND = 64
# Bytes that wait for a client to read them; with more it is closed.
MAX_OUTBOUND = 1024 * 1024
TOO_SLOW = 4408
# Seconds of silence after which a client is asked whether it is there.
PING_AFTER = 25
# Seconds in which a client answers a close before the connection is cut.
CLOSE_PATIENCE = 5
# Seconds from SIGTERM to the end, and of these for what was begun.
END_AFTER = 9.0
FINISH_WITHIN = 7.0
GOING_AWAY = 1001

FRAMES = "chatsite.frames"


class PortTaken(Exception):
    """Another program listens there."""


def require_free(host: str, port: int) -> None:
    """Raises PortTaken. Twisted would only log it and end."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise PortTaken(f"{host}:{port}: {problem.strerror}") from problem


class Inbound(OneReaderQueue):
    """The events of a socket that wait for the application. Too many stop the reading."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = protocol

    def put_nowait(self, item: dict) -> None:
        super().put_nowait(item)
        if len(self._items) >= MAX_INBOUND and item["type"] == "websocket.receive":
            self._protocol.pause_reading()

    async def get(self) -> dict:
        event = await super().get()
        if len(self._items) < MAX_INBOUND // 2:
            self._protocol.resume_reading()
        return event


def text_frame(text: str) -> bytes:
    """A text frame as a server sends it, whole and unmasked (RFC 6455, 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 2**16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """What a client masked with these four bytes (RFC 6455, 5.3)."""
    size = len(payload)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


class Flusher:
    """Joins the frames that a socket gets in one tick of the loop into one write.

    Under load it is paced: the next flush begins not before as long again as the last one took,
    so that half of the time is left to reading and committing, and more goes into each write.
    """

    def __init__(self) -> None:
        self._waiting: list[ChatProtocol] = []
        self._not_before = 0.0

    def add(self, protocol: "ChatProtocol") -> None:
        """Has `protocol.flush` called soon."""
        self._waiting.append(protocol)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_at(self._not_before, self._flush)

    def _flush(self) -> None:
        began = time.monotonic()
        waiting, self._waiting = self._waiting, []
        for protocol in waiting:
            protocol.flush()
        ended = time.monotonic()
        self._not_before = ended + (ended - began)


flusher = Flusher()


@implementer(IPushProducer)
class ChatProtocol(WebSocketProtocol):
    """A WebSocket whose both directions are bounded.

    It is the producer of its own transport, which tells it when the client stopped reading
    (pauseProducing) and when all that waited has gone (resumeProducing).
    """

    waiting: int | None = None  # bytes written since the client stopped reading
    reading = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.frames: list[bytes] = []  # that wait for the flusher

    # Outbound

    def onOpen(self) -> None:
        super().onOpen()
        # Until the upgrade the HTTP channel was the producer.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    def pauseProducing(self) -> None:
        # Twisted says so again at each write while too much waits.
        if self.waiting is None:
            self.waiting = 0

    def resumeProducing(self) -> None:
        self.waiting = None

    def stopProducing(self) -> None:
        """The connection is gone; onClose says so too."""

    def write_frame(self, frame: bytes) -> None:
        if self.state == self.STATE_OPEN:
            if not self.frames:
                flusher.add(self)
            self.frames.append(frame)

    def flush(self) -> None:
        frames, self.frames = self.frames, []
        if not frames or self.state != self.STATE_OPEN:
            return
        data = b"".join(frames)
        if self.waiting is not None:
            self.waiting += len(data)
            if self.waiting > MAX_OUTBOUND:
                # It comes behind what waits already: who begins to read again gets to see it.
                self.serverClose(TOO_SLOW)
                return
        transport = self.transport
        if not (transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting):
            # Nothing waits: past Twisted's queue, which costs as much as the system call.
            with suppress(OSError):  # full, or gone: Twisted finds out
                data = data[transport.socket.send(data) :]
        if data:
            transport.write(data)

    def serverSend(self, content: str | bytes, binary: bool = False) -> None:
        if self.state != self.STATE_OPEN:
            return
        if isinstance(content, str):
            self.write_frame(text_frame(content))
        else:
            self.flush()
            self.sendFrame(opcode=2, payload=content)

    def serverClose(self, code: int | None = None) -> None:
        self.flush()
        # sendClose refuses codes that only a server may use, such as 1001.
        self.sendCloseFrame(1000 if code is None else code)

    # Inbound

    def pause_reading(self) -> None:
        if self.reading:
            self.reading = False
            self.transport.pauseProducing()
            if self.autoPingTimeoutCall:
                # Its pong would not be read.
                self._cancelAutoPingTimeoutCall()

    def resume_reading(self) -> None:
        if not self.reading:
            self.reading = True
            self.last_ping = time.time()
            self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        # Autobahn's way takes 60 µs for each frame: it keeps what is not ordinary.
        if self.state == self.STATE_OPEN and not (self.data or self.current_frame or self.muted):
            data = self._take_ordinary(data)
        if data:
            super().dataReceived(data)

    def _take_ordinary(self, data: bytes) -> bytes:
        """Hands over the whole, unfragmented, masked text frames at the beginning of `data`, each
        of at most MAX_MESSAGE bytes, and returns the rest (RFC 6455, 5.2)."""
        if self.inside_message:
            return data
        at, end = 0, len(data)
        while end - at >= 6 and data[at] == 0x81:
            size, start = data[at + 1] - 128, at + 2
            if size == 126:
                size, start = int.from_bytes(data[start : start + 2], "big"), at + 4
                if size < 126:
                    break
            elif not 0 <= size < 126:
                break
            if start + 4 + size > end:
                break
            mask = data[start : start + 4]
            try:
                text = unmasked(data[start + 4 : start + 4 + size], mask).decode()
            except UnicodeDecodeError:
                break
            at = start + 4 + size
            self.last_ping = time.time()
            self.application_queue.put_nowait({"type": "websocket.receive", "text": text})
        return data[at:]

    def check_timeouts(self) -> None:
        if self.reading:
            super().check_timeouts()

    def onMessageBegin(self, isBinary: bool) -> None:
        super().onMessageBegin(isBinary)
        self._missing = MAX_MESSAGE + 1

    def onMessageFrameData(self, payload: bytes) -> None:
        kept = payload[: self._missing]
        self._missing -= len(kept)
        super().onMessageFrameData(kept)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if len(payload) > MAX_MESSAGE and not isBinary:
            # What was cut off may have ended in the middle of a character.
            payload = payload.decode("utf-8", "replace").encode()
        super().onMessage(payload, isBinary)


class ChatRequest(WebRequest):
    """A request whose body is bounded before it is gathered."""

    refused = False

    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        if length is not None and length > MAX_HTTP_BODY:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        if not self.refused and self.content.tell() + len(data) > MAX_HTTP_BODY:
            self._refuse()
        if not self.refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        return None if self.refused else super().process()

    def _refuse(self) -> None:
        self.refused = True
        self.channel.transport.write(
            b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        self.channel.loseConnection()


class ChatServer(Server):
    """daphne's server with the protocols above, ASGI's lifespan, and an end in good order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # run() calls this when the factories are made and before anybody connects.
        super().__init__(*args, ready_callable=self._ready, **kwargs)
        self.ports: list[Any] = []
        self.lifespan = Lifespan(self.application)

    def _ready(self) -> None:
        self.ws_factory.protocol = ChatProtocol
        self.ws_factory.setProtocolOptions(closeHandshakeTimeout=CLOSE_PATIENCE)
        build = self.http_factory.buildProtocol

        def build_protocol(addr: Any) -> Any:
            channel = build(addr)
            channel.requestFactory = ChatRequest
            return channel

        self.http_factory.buildProtocol = build_protocol
        asyncio.get_event_loop().call_soon(self.lifespan.start)

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self.ports.append(port)

    def listen_error(self, failure: Any) -> None:
        print(f"The port cannot be opened: {failure.getErrorMessage()}", file=sys.stderr)  # noqa: T201
        super().listen_error(failure)

    def create_application(self, protocol: Any, scope: dict) -> asyncio.Queue[dict] | Inbound:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        inbound = Inbound(protocol)
        scope.setdefault("asgi", {"version": "3.0"})
        scope["extensions"] = {FRAMES: {"make": text_frame, "write": protocol.write_frame}}
        application = self.application(
            scope=scope, receive=inbound.get, send=partial(self.handle_reply, protocol)
        )
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(application)
        return inbound

    def kill_all_applications(self) -> defer.Deferred[None]:
        """The end, on SIGTERM: the reactor waits for it."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        for port in self.ports:
            port.stopListening()
        try:
            async with asyncio.timeout(END_AFTER):
                # The application says goodbye and finishes what is in flight …
                await self.lifespan.stop(FINISH_WITHIN)
                # … then sockets end in the ordinary way, so that their handlers clean up.
                for protocol in list(self.connections):
                    if (
                        isinstance(protocol, WebSocketProtocol)
                        and protocol.state == protocol.STATE_OPEN
                    ):
                        protocol.serverClose(GOING_AWAY)
                while tasks := self._running():
                    await asyncio.wait(tasks, timeout=0.5)
        except TimeoutError:
            for task in self._running():
                task.cancel()

    def _running(self) -> list[asyncio.Future[None]]:
        tasks = [details.get("application_instance") for details in self.connections.values()]
        return [task for task in tasks if task is not None and not task.done()]


class Lifespan:
    """ASGI's lifespan protocol, which daphne does not speak: tells the application of the end."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._to_application: asyncio.Queue[dict] = asyncio.Queue()
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._to_application.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.ensure_future(self._run())

    async def stop(self, seconds: float) -> None:
        """Returns when the application is ready to end, or after this time."""
        self._to_application.put_nowait({"type": "lifespan.shutdown"})
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            logger.warning("Some of what was begun was not finished within %s s.", seconds)

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        try:
            await self._application(scope, self._to_application.get, self._send)
        except Exception:
            logger.exception("The application failed to start or to end.")
        finally:
            self._stopped.set()

    async def _send(self, message: dict) -> None:
        if message["type"] in {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}:
            self._stopped.set()


def build(application: Any, host: str, port: int) -> ChatServer:
    endpoint = build_endpoint_description_strings(host=host, port=port)
    return ChatServer(
        application=application,
        endpoints=[f"{description}:backlog={BACKLOG}" for description in endpoint],
        # The protocol holds its own bound, without ending the socket.
        websocket_max_message_size=0,
        websocket_max_frame_size=0,
        # A socket lives as long as its client answers pings. Who has said something is not asked,
        # and the chat's own clients say something every 20 s.
        ping_interval=PING_AFTER,
        websocket_timeout=-1,
        server_name="chatsite",
        verbosity=0,
    )
