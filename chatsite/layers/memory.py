"""The channel layer for a single process without Redis."""

import asyncio
from contextlib import suppress
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer

from chatsite.layers.fanout import Fanout


class InMemoryFanoutLayer(Fanout, InMemoryChannelLayer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Sockets leave their groups themselves. Memberships must not expire.
        super().__init__(*args, group_expiry=10**9, **kwargs)

    async def group_send(self, group: str, message: dict) -> None:
        await self._send_to(self.fan_out(self.groups.get(group, ()), message), message)

    def begin_send(self, group: str, message: dict) -> asyncio.Future[None]:
        others = self.fan_out(self.groups.get(group, ()), message)
        if not others:
            sent = asyncio.get_running_loop().create_future()
            sent.set_result(None)
            return sent
        return asyncio.ensure_future(self._send_to(others, message))

    async def _send_to(self, channels: list[str], message: dict) -> None:
        for channel in channels:
            with suppress(ChannelFull):
                await self.send(channel, message)
