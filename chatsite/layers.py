"""Channel layers with a fast way for frames, and none that waits for Redis.

A `fanout.frame` event ({"type": "fanout.frame", "text": "…"}) goes straight from the layer to the
sockets of this process: decoded once, without a queue and a task for each of them. A consumer asks
for it by `attach(channel_name, sink)`, where `sink` takes a `Frame`, which is the same for all of
them; whatever is not attached, and every other event, takes Channels' own way. Consumers keep a
handler `fanout_frame` and so work on stock layers too. `observe(watch)` hears each frame once per
process, before the sockets do. `begin_send(group, frame)` is `group_send` for a plain function: the
sockets of this process have the frame when it returns.

With Redis away sockets open, close and talk within their process, and `healthy` says that others
do not hear of it.
"""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)
from channels_redis.utils import _wrap_close, create_pool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from chatsite.queues import OneReaderQueue

logger = logging.getLogger(__name__)

FRAME = "fanout.frame"
# Messages that wait to be published; with more, Redis is away and the newest are given up.
MAX_UNPUBLISHED = 1000
# Messages that go to Redis in one write.
MAX_PIPELINE = 100
# Seconds for which it waits for an answer to them.
PUBLISH_PATIENCE = 2.0
# Seconds after which a connection that failed is tried again.
RETRY = 0.25
# Seconds for which a new group waits for its subscription: what is said meanwhile would be missed.
SUBSCRIBE_PATIENCE = 1.0

Watch = Callable[[dict], bool]


class Frame:
    """The text of an event, and what its sockets' server made of it."""

    __slots__ = ("_made", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._made: bytes | None = None

    def made(self, make: Callable[[str], bytes]) -> bytes:
        """`make(text)`, called for the first socket only: one process has one server."""
        if self._made is None:
            self._made = make(self.text)
        return self._made


Sink = Callable[[Frame], None]


class Fanout:
    """The sockets of this process that take frames directly."""

    healthy = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sinks: dict[str, Sink] = {}
        self._watch: Watch | None = None

    def observe(self, watch: Watch) -> None:
        """From now on `watch` says of each frame event here whether the sockets may have it."""
        self._watch = watch

    def attach(self, channel: str, sink: Sink) -> None:
        """From now on frames for `channel` go to `sink`, a plain function that must not block."""
        self._sinks[channel] = sink

    def detach(self, channel: str) -> None:
        self._sinks.pop(channel, None)

    def fan_out(self, channels: Iterable[str], event: dict) -> list[str]:
        """Gives a frame to the sinks of `channels`; returns the channels that have none."""
        if self._watch is not None and not self._watch(event):
            return []
        frame = Frame(event["text"])
        others = []
        for channel in tuple(channels):
            sink = self._sinks.get(channel)
            if sink is None:
                others.append(channel)
                continue
            try:
                sink(frame)
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
        for channel in self.fan_out(self.groups.get(group, ()), message):
            await self.send(channel, message)


class _Connection(RedisSingleShardConnection):
    """One Redis. What is wanted of it is kept here and brought about in the background."""

    def __init__(self, host: dict, channel_layer: "_RedisFanoutLoopLayer") -> None:
        super().__init__(host, channel_layer)
        self.receiving = self.publishing = True
        self._wanted: set[str] = set()
        self._changed = asyncio.Event()
        self._awaited: dict[str, asyncio.Future[None]] = {}  # until they are subscribed to
        self._subscriber: asyncio.Task[None] | None = None
        self._unpublished: deque[tuple[str, bytes, asyncio.Future[None]]] = deque()
        self._publisher: asyncio.Task[None] | None = None
        self._connection: Any = None  # of the publisher

    def publish_soon(self, channel: str, message: bytes) -> asyncio.Future[None]:
        """What is done when Redis has it, or has a ConnectionError."""
        published = asyncio.get_running_loop().create_future()
        if len(self._unpublished) >= MAX_UNPUBLISHED:
            published.set_exception(ConnectionError("Redis is away, and too much waits for it."))
            return published
        self._unpublished.append((channel, message, published))
        if self._publisher is None:
            self._publisher = asyncio.create_task(self._publish())
        return published

    async def publish(self, channel: str, message: bytes) -> None:
        await self.publish_soon(channel, message)

    async def _publish(self) -> None:
        try:
            while self._unpublished:
                size = min(len(self._unpublished), MAX_PIPELINE)
                batch = [self._unpublished.popleft() for _ in range(size)]
                commands = [("PUBLISH", channel, message) for channel, message, _done in batch]
                try:
                    await self._carry(commands)
                    self.publishing = True
                    problem = None
                except Exception as error:
                    if not isinstance(error, OSError | RedisError):
                        logger.exception("Redis could not be told.")
                    self.publishing = False
                    problem = ConnectionError(str(error))
                for _channel, _message, published in batch:
                    if not published.done():
                        if problem is None:
                            published.set_result(None)
                        else:
                            published.set_exception(problem)
        finally:
            self._publisher = None

    async def _carry(self, commands: list[tuple]) -> None:
        """Has Redis do all of `commands`. Raises what redis-py raises, or TimeoutError.

        On a connection of its own: with redis-py's pipeline a message took 165 µs instead of 100.
        """
        if self._connection is None:
            self._connection = create_pool({**self.host, "socket_timeout": None}).make_connection()
        if self._connection.is_connected:
            try:
                await self._ask(commands)
            except RedisConnectionError:
                pass  # Redis was restarted meanwhile, or got tired of an idle connection.
            else:
                return
        await self._ask(commands)

    async def _ask(self, commands: list[tuple]) -> None:
        connection = self._connection
        try:
            async with asyncio.timeout(PUBLISH_PATIENCE):
                if not connection.is_connected:
                    await connection.connect()
                await connection.send_packed_command(connection.pack_commands(commands))
                for _command in commands:
                    await connection.read_response()
        except BaseException:
            # Perhaps in the middle of an answer.
            await connection.disconnect(nowait=True)
            raise

    async def subscribe(self, channel: str) -> None:
        self._wanted.add(channel)
        self._bring_about()

    async def unsubscribe(self, channel: str) -> None:
        self._wanted.discard(channel)
        self._settle([channel])
        self._bring_about()

    def _bring_about(self) -> None:
        self._changed.set()
        if self._subscriber is None:
            self._ensure_redis()
            self._ensure_receiver()
            self._subscriber = asyncio.create_task(self._subscribe())

    async def subscribed(self, channel: str) -> None:
        """Waits until Redis knows of the subscription, but not for a Redis that is away."""
        if channel in self._subscribed_to or not self.receiving:
            return
        if channel not in self._awaited:
            self._awaited[channel] = asyncio.get_running_loop().create_future()
        done, _waiting = await asyncio.wait([self._awaited[channel]], timeout=SUBSCRIBE_PATIENCE)
        if not done:
            self._is_away()

    def _settle(self, channels: Iterable[str]) -> None:
        for channel in channels:
            if awaited := self._awaited.pop(channel, None):
                awaited.set_result(None)

    def _is_away(self) -> None:
        self.receiving = False
        self._settle(tuple(self._awaited))

    async def _subscribe(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            new, old = self._wanted - self._subscribed_to, self._subscribed_to - self._wanted
            try:
                if new:
                    await self._pubsub.subscribe(*new)
                    self._subscribed_to |= new
                if old:
                    await self._pubsub.unsubscribe(*old)
                    self._subscribed_to -= old
            except (OSError, RedisError):
                self._is_away()
                await asyncio.sleep(RETRY)
                self._changed.set()
            self._settle(new)

    async def _do_receiving(self) -> None:
        while True:
            try:
                if not self._pubsub.subscribed:
                    await asyncio.sleep(0.05)
                    continue
                # Also reconnects, and then subscribes again to all that it was subscribed to.
                message = await self._pubsub.get_message(
                    ignore_subscribe_messages=True, timeout=0.5
                )
                if not self.receiving:
                    logger.info("Redis is there again.")
                self.receiving = True
                if message is not None and not self.channel_layer.fan_out_message(message):
                    self._receive_message(message)
            except (OSError, RedisError) as problem:
                if self.receiving:
                    logger.warning("Redis is away; frames stay in this process: %s", problem)
                self._is_away()
                await asyncio.sleep(RETRY)
            except Exception:
                logger.exception("A message of Redis could not be handled.")

    async def flush(self) -> None:
        for task in (self._subscriber, self._publisher):
            if task is not None:
                task.cancel()
        self._subscriber = self._publisher = None
        if self._connection is not None:
            await self._connection.disconnect()
            self._connection = None
        self._wanted.clear()
        await super().flush()


class _RedisFanoutLoopLayer(Fanout, RedisPubSubLoopLayer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shards: list[_Connection] = [_Connection(shard.host, self) for shard in self._shards]
        # Before every message to a group: what comes back to its own process was handled there.
        self._origin = uuid.uuid4().bytes

    @property
    def healthy(self) -> bool:  # type: ignore[override]
        """Whether Redis carried what was last asked of it."""
        return all(shard.receiving and shard.publishing for shard in self._shards)

    async def _subscribe_to_channel(self, channel: str) -> None:
        await super()._subscribe_to_channel(channel)
        self.channels[channel] = OneReaderQueue()

    async def group_add(self, group: str, channel: str) -> None:
        await super().group_add(group, channel)
        name = self._get_group_channel_name(group)
        await self._get_shard(name).subscribed(name)

    async def group_send(self, group: str, message: dict) -> None:
        """To this process at once; raises ConnectionError if others could not be told."""
        await self.begin_send(group, message)

    def begin_send(self, group: str, message: dict) -> asyncio.Future[None]:
        """The same for a plain function, which need not wait for the others."""
        name = self._get_group_channel_name(group)
        data = self.channel_layer.serialize(message)
        self._hand_over(self.groups.get(name, ()), message, data)
        return self._get_shard(name).publish_soon(name, self._origin + data)

    def fan_out_message(self, message: dict) -> bool:
        """Whether a message of Redis was for a group, and so is done with."""
        name, data = message["channel"].decode(), message["data"]
        members = self.groups.get(name)
        if members is None:
            return False
        if not data.startswith(self._origin):
            data = data[len(self._origin) :]
            self._hand_over(members, self.channel_layer.deserialize(data), data)
        return True

    def _hand_over(self, members: Iterable[str], event: dict, data: bytes) -> None:
        others = self.fan_out(members, event) if event.get("type") == FRAME else tuple(members)
        for channel in others:
            if channel in self.channels:
                self.channels[channel].put_nowait(data)


class RedisFanoutLayer(RedisPubSubChannelLayer):
    """channels_redis' pub/sub layer with the fast way.

    What it carries is perhaps lost, and comes twice where a connection broke: all that we need.
    """

    def _get_layer(self) -> _RedisFanoutLoopLayer:
        loop = asyncio.get_running_loop()
        layer = self._layers.get(loop)
        if layer is None:
            layer = _RedisFanoutLoopLayer(*self._args, **self._kwargs, channel_layer=self)
            self._layers[loop] = layer
            _wrap_close(self, loop)
        return layer
