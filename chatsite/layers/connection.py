"""channels_redis' connection to one Redis, changed so that nothing waits while Redis is down."""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from channels_redis.pubsub import RedisSingleShardConnection
from redis.exceptions import RedisError

from chatsite.layers.publisher import Publisher

if TYPE_CHECKING:
    from chatsite.layers.redis import RedisFanoutLoopLayer

logger = logging.getLogger(__name__)

# Seconds between reconnection attempts.
RETRY = 0.25
# Seconds to wait for the subscription to a new group. It misses messages sent before that.
SUBSCRIBE_PATIENCE = 1.0


class RedisConnection(RedisSingleShardConnection):
    """Records the wanted subscriptions and applies them in Redis in the background."""

    def __init__(self, host: dict, channel_layer: "RedisFanoutLoopLayer") -> None:
        super().__init__(host, channel_layer)
        self.publisher = Publisher(host)
        self.receiving = True
        self._wanted: set[str] = set()
        self._changed = asyncio.Event()
        self._awaited: dict[str, asyncio.Future[None]] = {}  # pending subscriptions
        self._subscriber: asyncio.Task[None] | None = None

    @property
    def healthy(self) -> bool:
        """Whether the last command to Redis succeeded."""
        return self.receiving and self.publisher.healthy

    async def publish(self, channel: str, message: bytes) -> None:
        await self.publisher.publish(channel, message)

    async def flush(self) -> None:
        if self._subscriber is not None:
            self._subscriber.cancel()
            self._subscriber = None
        await self.publisher.close()
        self._wanted.clear()
        await super().flush()

    # Subscribing

    async def subscribe(self, channel: str) -> None:
        self._wanted.add(channel)
        self._follow()

    async def unsubscribe(self, channel: str) -> None:
        self._wanted.discard(channel)
        self._settle([channel])
        self._follow()

    async def subscribed(self, channel: str) -> None:
        """Waits until Redis has the subscription, but not while Redis is down."""
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

    def _follow(self) -> None:
        self._changed.set()
        if self._subscriber is None:
            self._ensure_redis()
            self._ensure_receiver()
            self._subscriber = asyncio.create_task(self._subscribe())

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

    # Receiving

    async def _do_receiving(self) -> None:
        while True:
            try:
                if not self._pubsub.subscribed:
                    await asyncio.sleep(0.05)
                    continue
                # This also reconnects, and then restores all subscriptions.
                message = await self._pubsub.get_message(
                    ignore_subscribe_messages=True, timeout=0.5
                )
                if not self.receiving:
                    logger.info("Redis is back.")
                self.receiving = True
                if message is not None and not self.channel_layer.receive_from_group(message):
                    self._receive_message(message)
            except (OSError, RedisError) as problem:
                if self.receiving:
                    logger.warning("Redis is down. Frames stay in this process: %s", problem)
                self._is_away()
                await asyncio.sleep(RETRY)
            except Exception:
                logger.exception("Could not handle a message from Redis.")
