"""A WebSocket client that speaks the protocol.

async with site.socket("ada") as ada:
    ack = await ada.call(type="send", room=1, cid=new_cid(), body="hi")
    changes = await ada.expect("changes")
"""

import asyncio
import json
import uuid
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]


def new_cid() -> str:
    return str(uuid.uuid4())


class Wire:
    def __init__(
        self, url: str, session: str | None, origin: str | None = "same", path: str = "/ws/"
    ) -> None:
        self.url, self.session, self.path = url, session, path
        self.origin = url if origin == "same" else origin
        self.hello: Frame = {}
        self.events: list[Frame] = []
        self.answers: dict[Any, Frame] = {}
        self._last_ref = 0
        self._news = asyncio.Condition()
        self._closed = False

    async def __aenter__(self) -> Self:
        headers = {"Cookie": f"sessionid={self.session}"} if self.session else {}
        self.connection: ClientConnection = await connect(
            self.url.replace("http", "ws", 1) + self.path,
            additional_headers=headers,
            origin=self.origin,  # type: ignore[arg-type]
            max_size=None,
        )
        self._reader = asyncio.create_task(self._read())
        if self.session:
            self.hello = await self.expect("hello")
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self.connection.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                frame = json.loads(text)
                async with self._news:
                    # A `sync` is answered by `changes` with its ref; without one it is an event.
                    if frame.get("ref") is not None:
                        self.answers[frame["ref"]] = frame
                    else:
                        self.events.append(frame)
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self._closed = True
                self._news.notify_all()

    async def send(self, frame: Frame | str | bytes) -> None:
        await self.connection.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def call(self, timeout: float = 10, **frame: Any) -> Frame:
        """The answer to a command."""
        self._last_ref += 1
        await self.send({"ref": self._last_ref, **frame})
        return await self.answer(frame.get("ref", self._last_ref), timeout)

    async def answer(self, ref: Any, timeout: float = 10) -> Frame:
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: ref in self.answers or self._closed)
        return self.answers.pop(ref)

    async def say(self, room: int, body: str, **fields: Any) -> Frame:
        return await self.call(type="send", room=room, cid=new_cid(), body=body, **fields)

    async def expect(self, kind: str, timeout: float = 10, **fields: Any) -> Frame:
        """The next event of this type with these fields; earlier others stay."""

        def found() -> Frame | None:
            wanted = {"type": kind, **fields}
            return next((e for e in self.events if wanted.items() <= e.items()), None)

        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: found() or self._closed)
        event = found()
        if event is None:
            raise AssertionError(f"closed without {kind}: {self.connection.close_code}")
        self.events.remove(event)
        return event

    async def quiet(self, seconds: float = 0.3) -> list[Frame]:
        """The events that came within this time, without presence."""
        await asyncio.sleep(seconds)
        return [event for event in self.events if event["type"] != "presence"]

    async def closed(self, timeout: float = 10) -> int | None:
        """The code with which the server closed."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: self._closed)
        return self.connection.close_code

    def room(self, slug: str) -> Frame:
        return next(room for room in self.hello["rooms"] if room["slug"] == slug)
