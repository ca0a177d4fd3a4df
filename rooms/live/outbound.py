"""Writing to a socket from plain functions, in order and without waiting."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from rooms.protocol.closing import TOO_SLOW

logger = logging.getLogger(__name__)

# Characters that wait for a server whose `send` waits for the client.
MAX_WAITING = 1024 * 1024

Send = Callable[[dict], Awaitable[None]]


class Frame(Protocol):
    """A text that goes to many sockets, and the frame that a server makes of it once."""

    text: str

    def made(self, make: Callable[[str], bytes]) -> bytes: ...


class Outbound:
    """The way out of one socket, on any server: a queue, and a task while something waits in it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._events: list[dict] = []
        self._waiting = 0  # characters
        self._sending = False  # that is, the server waits for the client
        self._task: asyncio.Task[None] | None = None
        self._held: list[str] | None = None
        self._closed = False

    def hold(self) -> None:
        """Keeps what is pushed until `release`."""
        self._held = []

    def release(self, first: str) -> None:
        """Sends `first`, and then what was pushed meanwhile."""
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
        """After what was pushed. Nothing is sent any more."""
        if not self._closed:
            self._closed = True
            self._queue({"type": "websocket.close", "code": code})

    def stop(self) -> None:
        """The socket is gone."""
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
            # The server says that the socket is gone. The application hears of it too.
            logger.debug("A socket could not be written to: %s", problem)
            self._closed = True
        finally:
            self._sending = False
            self._task = None


class ReadyOutbound(Outbound):
    """On a server that takes ready frames (see chatsite.server), and never waits for the client."""

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
