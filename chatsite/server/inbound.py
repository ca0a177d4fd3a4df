"""Events from a client that the application has not read yet."""

from typing import Protocol

from chatsite.queue import OneReaderQueue
from chatsite.server.bounds import MAX_INBOUND


class Pausable(Protocol):
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Inbound(OneReaderQueue):
    """The events of one socket. If too many are queued, reading from the client pauses."""

    def __init__(self, protocol: Pausable) -> None:
        super().__init__()
        self._protocol = protocol

    def put_nowait(self, item: dict) -> None:
        super().put_nowait(item)
        if len(self) >= MAX_INBOUND and item["type"] == "websocket.receive":
            self._protocol.pause_reading()

    async def get(self) -> dict:
        event = await super().get()
        if len(self) < MAX_INBOUND // 2:
            self._protocol.resume_reading()
        return event
