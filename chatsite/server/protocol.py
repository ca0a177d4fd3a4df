"""A WebSocket with bounded memory in both directions, and a fast path for text frames."""

import time
from contextlib import suppress
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from chatsite.server.bounds import MAX_MESSAGE, MAX_OUTBOUND, TOO_SLOW
from chatsite.server.flusher import Flusher
from chatsite.server.frames import ordinary_texts, text_frame

flusher = Flusher()


@implementer(IPushProducer)
class ChatProtocol(WebSocketProtocol):
    """Registers itself as the producer of its own transport.

    So the transport reports when the client stopped reading (pauseProducing) and when everything
    queued was sent (resumeProducing).
    """

    waiting: int | None = None  # bytes written since the client stopped reading
    reading = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.frames: list[bytes] = []  # not yet flushed

    # Outbound

    def onOpen(self) -> None:
        super().onOpen()
        # The HTTP channel was the producer until the upgrade.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    def pauseProducing(self) -> None:
        # Twisted calls this again for each write while its buffer is full.
        if self.waiting is None:
            self.waiting = 0

    def resumeProducing(self) -> None:
        self.waiting = None

    def stopProducing(self) -> None:
        """The connection is gone. onClose is called too, so there is nothing to do."""

    def write_frame(self, frame: bytes) -> None:
        """Never waits. Keeps the order with `serverSend`."""
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
                # The close goes out after the queue, so the client gets it if it reads again.
                self.serverClose(TOO_SLOW)
                return
        transport = self.transport
        if not (transport.dataBuffer or transport._tempDataBuffer or transport.disconnecting):
            # Nothing is queued: write directly. Twisted's queue costs as much as the system call.
            with suppress(OSError):  # full or gone; Twisted finds out below
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
        # sendClose rejects codes that only servers may use, such as 1001.
        self.sendCloseFrame(1000 if code is None else code)

    # Inbound

    def pause_reading(self) -> None:
        if self.reading:
            self.reading = False
            self.transport.pauseProducing()
            if self.autoPingTimeoutCall:
                # The pong would not be read.
                self._cancelAutoPingTimeoutCall()

    def resume_reading(self) -> None:
        if not self.reading:
            self.reading = True
            self.last_ping = time.time()
            self.transport.resumeProducing()

    def dataReceived(self, data: bytes) -> None:
        # Autobahn takes 60 µs per frame. It only gets frames that are not ordinary text frames.
        if self.state == self.STATE_OPEN and not (
            self.data or self.current_frame or self.inside_message or self.muted
        ):
            taken = 0
            for text, taken in ordinary_texts(data):  # noqa: B007
                self.last_ping = time.time()
                self.application_queue.put_nowait({"type": "websocket.receive", "text": text})
            data = data[taken:]
        if data:
            super().dataReceived(data)

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
            # The truncation may be in the middle of a character.
            payload = payload.decode("utf-8", "replace").encode()
        super().onMessage(payload, isBinary)
