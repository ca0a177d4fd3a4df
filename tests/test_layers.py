"""What the channel layer promises by itself, with a real Redis."""

import asyncio
import signal

from channels.layers import get_channel_layer
from pytest_django.fixtures import Settings
from redis.asyncio import Redis as Client

from chatsite.layers import RedisFanoutLayer
from chatsite.layers.publisher import MAX_UNPUBLISHED
from rooms.live.broadcast import Broadcaster
from rooms.live.layer import of_site
from tests.services import Redis

FRAME = {"type": "fanout.frame", "text": "news"}


class Listener:
    """A process with one socket in the group."""

    def __init__(self, url: str) -> None:
        self.layer = RedisFanoutLayer(hosts=[url])
        self.heard: list[str] = []

    async def join(self) -> None:
        channel = await self.layer.new_channel()
        self.layer.attach(channel, lambda frame: self.heard.append(frame.text))
        await self.layer.group_add("room", channel)

    async def until(self, number: int) -> None:
        async with asyncio.timeout(5):
            while len(self.heard) < number:
                await asyncio.sleep(0.01)


async def test_what_is_sent_after_redis_closed_the_connection_still_reaches_others(
    redis_url: str,
) -> None:
    sender, other = RedisFanoutLayer(hosts=[redis_url]), Listener(redis_url)
    await other.join()
    await sender.group_send("room", FRAME)
    await other.until(1)
    async with Client.from_url(redis_url) as client:
        assert await client.client_kill_filter(_type="normal", skipme=True)
    await asyncio.sleep(0.1)
    await sender.group_send("room", FRAME)
    await other.until(2)
    assert sender.healthy
    await sender.flush()
    await other.layer.flush()


async def test_the_sockets_of_the_process_have_a_frame_before_redis_is_asked(
    redis_url: str,
) -> None:
    here = Listener(redis_url)
    await here.join()
    sending = here.layer.begin_send("room", FRAME)
    assert here.heard == ["news"]
    await sending
    await asyncio.sleep(0.1)
    assert here.heard == ["news"], "and not again when Redis brings it back"
    await here.layer.flush()


async def test_a_thousand_groups_at_once_are_all_heard(redis_url: str) -> None:
    here, sender = Listener(redis_url), RedisFanoutLayer(hosts=[redis_url])
    channel = await here.layer.new_channel()
    here.layer.attach(channel, lambda frame: here.heard.append(frame.text))
    await asyncio.gather(*(here.layer.group_add(f"room.{n}", channel) for n in range(1000)))
    await asyncio.gather(*(sender.group_send(f"room.{n}", FRAME) for n in range(1000)))
    await here.until(1000)
    await here.layer.flush()
    await sender.flush()


async def test_a_frozen_redis_keeps_nothing_from_the_sockets_of_the_process(
    settings: Settings, redis: Redis
) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "chatsite.layers.RedisFanoutLayer",
            "CONFIG": {"hosts": [redis.url]},
        }
    }
    layer, broadcaster, heard = get_channel_layer(), Broadcaster(of_site()), []
    channel = await layer.new_channel()
    layer.attach(channel, lambda frame: heard.append(frame.text))
    await layer.group_add("room", channel)
    redis.send(signal.SIGSTOP)
    try:
        for _ in range(MAX_UNPUBLISHED + 500):
            broadcaster.soon([("room", FRAME)])
        assert len(heard) == MAX_UNPUBLISHED + 500
    finally:
        redis.send(signal.SIGCONT)
    await broadcaster.drain(5)
    await layer.flush()
