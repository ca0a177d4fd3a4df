"""A queue for a single reader. Each socket has two, and asyncio's takes 3 KB."""

import asyncio
from typing import Any


class OneReaderQueue:
    """The part of asyncio.Queue that daphne and channel layers use."""

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def put_nowait(self, item: Any) -> None:
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        while not self._items:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._items.pop(0)
