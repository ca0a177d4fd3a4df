"""Writing to a socket from plain functions, in order, without a task for each frame."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Protocol


class Frame(Protocol):
    """A text that goes to many sockets, and the frame that a server makes of it once."""

    text: str

    def made(self, make: Callable[[str], bytes]) -> bytes: ...


class Outbound:
    """The way out of one socket.

    Where the server takes ready frames (chatsite.server) they go to it. Elsewhere `push` runs the
    server's `send` in place: daphne's never waits, so that is all there is to it; where a server's
    does wait, a task finishes it and what is pushed meanwhile queues behind.
    """

    def __init__(self, scope: dict, send: Callable[[dict], Coroutine[Any, Any, None]]) -> None:
        frames = scope.get("extensions", {}).get("chatsite.frames", {})
        self._make: Callable[[str], bytes] | None = frames.get("make")
        self._write: Callable[[bytes], None] | None = frames.get("write")
        self._send = send
        self._queue: deque[str] | None = None
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def hold(self) -> None:
        """Keeps what is pushed until `release`."""
        self._queue = deque()

    def release(self) -> None:
        held, self._queue = self._queue, None
        for text in held or ():
            self.push(text)

    def close(self) -> None:
        """Nothing is sent any more."""
        self._closed = True

    def push_frame(self, frame: Frame) -> None:
        if self._write is None or self._make is None or self._queue is not None or self._closed:
            self.push(frame.text)
        else:
            self._write(frame.made(self._make))

    def push(self, text: str) -> None:
        if self._closed:
            return
        if self._queue is not None:
            self._queue.append(text)
            return
        if self._write is not None and self._make is not None:
            self._write(self._make(text))
            return
        sending = self._send({"type": "websocket.send", "text": text})
        try:
            awaited = sending.send(None)
        except StopIteration:
            return
        self._queue = deque()
        self._task = asyncio.ensure_future(self._finish(_rest_of(sending, awaited)))

    async def _finish(self, sending: Awaitable[None]) -> None:
        await sending
        while self._queue:
            await self._send({"type": "websocket.send", "text": self._queue.popleft()})
        self._queue = None


@types.coroutine
def _rest_of(coroutine: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """Goes on with a coroutine that was begun by hand and waits for `awaited`."""
    try:
        while True:
            try:
                value = yield awaited
            except BaseException as problem:
                awaited = coroutine.throw(problem)
            else:
                awaited = coroutine.send(value)
    except StopIteration:
        return
