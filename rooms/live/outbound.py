"""Writes to a socket from plain functions, in order and without waiting."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from rooms.protocol.closing import TOO_SLOW

logger = logging.getLogger(__name__)

# Limit of queued characters, for servers whose `send` waits for the client.
MAX_WAITING = 1024 * 1024

Send = Callable[[dict], Awaitable[None]]


class Frame(Protocol):
    """A text for many sockets. The server encodes it only once."""

    text: str

    def made(self, make: Callable[[str], bytes]) -> bytes: ...


class Outbound:
    """Output to one socket, on any server: a queue, and a task while the queue is not empty."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._events: list[dict] = []
        self._waiting = 0  # characters
        self._sending = False  # the server is waiting for the client
        self._task: asyncio.Task[None] | None = None
        self._held: list[str] | None = None
        self._closed = False

    def hold(self) -> None:
        """Queues frames until `release`."""
        self._held = []

    def release(self, first: str) -> None:
        """Sends `first`, then everything queued since `hold`."""
        held, self._held = self._held or [], None
        for text in (first, *held):
            self.push(text)

    def push(self, text: str) -> None:
        if self._closed:
            return
        if self._held is not None:
            self._held.append(text)
        else:
            self._write(text)

    def push_frame(self, frame: Frame) -> None:
        self.push(frame.text)

    async def close(self, code: int) -> None:
        """Closes after sending the queue. Later frames are dropped."""
        if not self._closed:
            self._closed = True
            self._queue({"type": "websocket.close", "code": code})

    def stop(self) -> None:
        """Called when the socket is gone."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()

    def _write(self, text: str) -> None:
        if self._sending and self._waiting > MAX_WAITING:
            self._closed = True
            self._events = [{"type": "websocket.close", "code": TOO_SLOW}]
        else:
            self._waiting += len(text)
            self._queue({"type": "websocket.send", "text": text})

    def _queue(self, event: dict) -> None:
        self._events.append(event)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        self._sending = True
        try:
            while self._events:
                events, self._events = self._events, []
                for event in events:
                    await self._send(event)
                    self._waiting -= len(event.get("text", ""))
        except Exception as problem:
            # The server reports that the socket is gone. The application learns it separately.
            logger.debug("Could not write to a socket: %s", problem)
            self._closed = True
        finally:
            self._sending = False
            self._task = None


class ReadyOutbound(Outbound):
    """For servers that accept ready frames (see chatsite.server) and never wait for the client."""

    def __init__(
        self, send: Send, make: Callable[[str], bytes], write: Callable[[bytes], None]
    ) -> None:
        super().__init__(send)
        self._make, self._write_frame = make, write

    def push_frame(self, frame: Frame) -> None:
        if self._held is None and not self._closed:
            self._write_frame(frame.made(self._make))
        else:
            self.push(frame.text)

    async def close(self, code: int) -> None:
        if not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": code})

    def _write(self, text: str) -> None:
        self._write_frame(self._make(text))


def of_socket(scope: dict, send: Send) -> Outbound:
    ready = scope.get("extensions", {}).get("chatsite.frames")
    if ready is None:
        return Outbound(send)
    return ReadyOutbound(send, ready["make"], ready["write"])
