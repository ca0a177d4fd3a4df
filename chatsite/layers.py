"""Channel layers with a fast way for frames.

A `fanout.frame` event ({"type": "fanout.frame", "text": "…"}) goes straight from the layer to the
sockets of this process: decoded once, without a queue and a task for each of them. A consumer asks
for it by `attach(channel_name, sink)`; whatever is not attached, and every other event, takes
Channels' own way. Consumers keep a handler `fanout_frame` and so work on stock layers too.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)
from channels_redis.utils import _wrap_close

logger = logging.getLogger(__name__)

FRAME = "fanout.frame"

Sink = Callable[[str], None]


class Fanout:
    """The sockets of this process that take frames directly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sinks: dict[str, Sink] = {}

    def attach(self, channel: str, sink: Sink) -> None:
        """From now on frames for `channel` go to `sink`, a plain function that must not block."""
        self._sinks[channel] = sink

    def detach(self, channel: str) -> None:
        self._sinks.pop(channel, None)

    def fan_out(self, channels: Iterable[str], text: str) -> list[str]:
        """Gives `text` to the sinks of `channels`; returns the channels that have none."""
        others = []
        for channel in tuple(channels):
            sink = self._sinks.get(channel)
            if sink is None:
                others.append(channel)
                continue
            try:
                sink(text)
            except Exception:
                # One broken socket shall not keep the frame from the others.
                logger.exception("A frame could not be written to a socket.")
        return others


class InMemoryFanoutLayer(Fanout, InMemoryChannelLayer):
    """For one process without Redis."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Sockets say themselves when they leave; a membership must not expire under them.
        super().__init__(*args, group_expiry=10**9, **kwargs)

    async def group_send(self, group: str, message: dict) -> None:
        if message["type"] != FRAME:
            await super().group_send(group, message)
            return
        for channel in self.fan_out(self.groups.get(group, ()), message["text"]):
            await self.send(channel, message)


class _FanoutConnection(RedisSingleShardConnection):
    def _receive_message(self, message: dict | None) -> None:
        if message is None or not self.channel_layer.fan_out_message(message):
            super()._receive_message(message)


class _RedisFanoutLoopLayer(Fanout, RedisPubSubLoopLayer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shards: list[RedisSingleShardConnection] = [
            _FanoutConnection(shard.host, self) for shard in self._shards
        ]

    def fan_out_message(self, message: dict) -> bool:
        """Whether a message of Redis was a frame for a group, and so is done with."""
        name, data = message["channel"], message["data"]
        members = self.groups.get(name.decode() if isinstance(name, bytes) else name)
        if members is None:
            return False
        event = self.channel_layer.deserialize(data)
        if event.get("type") != FRAME:
            return False
        for channel in self.fan_out(members, event["text"]):
            if channel in self.channels:
                self.channels[channel].put_nowait(data)
        return True


class RedisFanoutLayer(RedisPubSubChannelLayer):
    """channels_redis' pub/sub layer with the fast way: at most once, which is all we need."""

    def _get_layer(self) -> _RedisFanoutLoopLayer:
        loop = asyncio.get_running_loop()
        layer = self._layers.get(loop)
        if layer is None:
            layer = _RedisFanoutLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            self._layers[loop] = layer
            _wrap_close(self, loop)
        return layer
