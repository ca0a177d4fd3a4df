"""channels_redis' pub/sub layer with the fan-out extension.

It may lose a message, or deliver it twice if a connection breaks. That is good enough, because the
database is the truth. While Redis is down, sockets open, close and talk within their process.
"""

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close

from chatsite.layers.connection import RedisConnection
from chatsite.layers.fanout import Fanout
from chatsite.queue import OneReaderQueue


class RedisFanoutLoopLayer(Fanout, RedisPubSubLoopLayer):
    """The layer of one event loop."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shards: list[RedisConnection] = [
            RedisConnection(shard.host, self) for shard in self._shards
        ]
        # Prefix of our messages to groups. This process has already delivered them.
        self._origin = uuid.uuid4().bytes

    @property
    def healthy(self) -> bool:  # type: ignore[override]
        return all(shard.healthy for shard in self._shards)

    async def _subscribe_to_channel(self, channel: str) -> None:
        await super()._subscribe_to_channel(channel)
        self.channels[channel] = OneReaderQueue()

    async def group_add(self, group: str, channel: str) -> None:
        await super().group_add(group, channel)
        name = self._get_group_channel_name(group)
        await self._get_shard(name).subscribed(name)

    async def group_send(self, group: str, message: dict) -> None:
        """Delivers in this process at once. Raises ConnectionError if others may not get it."""
        await self.begin_send(group, message)

    def begin_send(self, group: str, message: dict) -> asyncio.Future[None]:
        name = self._get_group_channel_name(group)
        data = self.channel_layer.serialize(message)
        self._hand_over(self.groups.get(name, ()), message, data)
        return self._get_shard(name).publisher.publish(name, self._origin + data)

    def receive_from_group(self, message: dict) -> bool:
        """Delivers a message from Redis if it is for a group. Returns whether it was."""
        name, data = message["channel"].decode(), message["data"]
        members = self.groups.get(name)
        if members is None:
            return False
        if not data.startswith(self._origin):
            data = data[len(self._origin) :]
            self._hand_over(members, self.channel_layer.deserialize(data), data)
        return True

    def _hand_over(self, members: Iterable[str], event: dict, data: bytes) -> None:
        for channel in self.fan_out(members, event):
            if channel in self.channels:
                self.channels[channel].put_nowait(data)


class RedisFanoutLayer(RedisPubSubChannelLayer):
    """Delegates to the layer of the running event loop."""

    def _get_layer(self) -> RedisFanoutLoopLayer:
        loop = asyncio.get_running_loop()
        layer = self._layers.get(loop)
        if layer is None:
            layer = RedisFanoutLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            self._layers[loop] = layer
            _wrap_close(self, loop)
        return layer
