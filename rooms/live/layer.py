"""The channel layer as the chat uses it: one interface for our layers and Channels' own.

If a layer's `extensions` include "fanout" (chatsite.layers.fanout), it writes frames straight to
the sockets. With a stock layer each consumer gets them as events, at some 100 times the cost.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Protocol

from channels.layers import get_channel_layer

from rooms.live.outbound import Frame

# The type of an event whose `text` goes to sockets unchanged.
FRAME = "fanout.frame"
# Limit of events waiting for a stock layer, which has none. Events beyond it are dropped, and
# rooms.live.repair sends the missing changes.
MAX_SENDING = 1000
# Timeout for leaving groups. The socket is already closed, and the layer may be down.
LEAVE_WITHIN = 5.0

Watch = Callable[[dict], bool]
Sink = Callable[[Frame], None]


class Layer(Protocol):
    # Whether other processes get our events, as far as is known.
    @property
    def healthy(self) -> bool: ...

    def observe(self, watch: Watch) -> None:
        """Calls `watch` with each frame, once per process, to decide whether sockets get it."""

    def attach(self, channel: str, sink: Sink) -> None:
        """Sends the channel's frames to `sink` from now on."""

    def detach(self, channel: str) -> None: ...

    def send(self, group: str, event: dict) -> asyncio.Future[None]:
        """Sends to a group, in order. The future fails if other processes may have missed it."""

    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...

    async def leave(self, groups: Collection[str], channel: str) -> None:
        """Leaves all groups, or as many as possible within the timeout. Never fails."""


class FanoutLayer:
    """A layer with the fan-out extension. It never blocks."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self.observe = layer.observe
        self.attach = layer.attach
        self.detach = layer.detach
        self.send = layer.begin_send
        self.group_add = layer.group_add
        self.group_discard = layer.group_discard

    @property
    def healthy(self) -> bool:
        return bool(self._layer.healthy)

    async def leave(self, groups: Collection[str], channel: str) -> None:
        for group in groups:
            await self._layer.group_discard(group, channel)


class StockLayer:
    """Any Channels layer. Consumers handle frames and call `watch` themselves."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._sending: set[asyncio.Future[None]] = set()
        self.healthy = True
        self.group_add = layer.group_add
        self.group_discard = layer.group_discard

    def observe(self, watch: Watch) -> None: ...
    def attach(self, channel: str, sink: Sink) -> None: ...
    def detach(self, channel: str) -> None: ...

    def send(self, group: str, event: dict) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        if len(self._sending) >= MAX_SENDING:
            refused = loop.create_future()
            refused.set_exception(ConnectionError("Too many events wait for the channel layer."))
            return refused
        sending = loop.create_task(self._layer.group_send(group, event))
        self._sending.add(sending)
        sending.add_done_callback(self._sent)
        return sending

    def _sent(self, sending: asyncio.Future[None]) -> None:
        self._sending.discard(sending)
        self.healthy = not sending.cancelled() and sending.exception() is None

    async def leave(self, groups: Collection[str], channel: str) -> None:
        leaving = [
            asyncio.ensure_future(self._layer.group_discard(group, channel)) for group in groups
        ]
        if leaving:
            _left, late = await asyncio.wait(leaving, timeout=LEAVE_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*leaving, return_exceptions=True)


def of_site() -> Layer:
    layer = get_channel_layer()
    return FanoutLayer(layer) if "fanout" in layer.extensions else StockLayer(layer)
