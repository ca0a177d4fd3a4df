"""What the channel layer promises by itself, with a real Redis."""

import asyncio
import signal

import pytest
from channels.layers import InMemoryChannelLayer, get_channel_layer
from pytest_django.fixtures import Settings
from redis.asyncio import Redis as Client

from chatsite.layers import InMemoryFanoutLayer, RedisFanoutLayer
from chatsite.layers.fanout import Frame
from chatsite.layers.publisher import MAX_UNPUBLISHED
from rooms.live import layer as live_layer
from rooms.live.broadcast import Broadcaster
from rooms.live.layer import of_site
from tests.services import Redis

# Seconds in which Redis has closed a connection, or brought a frame back.
ROUND_TRIP = 0.1

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
    await asyncio.sleep(ROUND_TRIP)
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
    await asyncio.sleep(ROUND_TRIP)
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


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_one_broken_socket_keeps_a_frame_from_no_other(redis_url: str, kind: str) -> None:
    layer = InMemoryFanoutLayer() if kind == "memory" else RedisFanoutLayer(hosts=[redis_url])
    heard: list[str] = []

    def broken(frame: Frame) -> None:
        raise ValueError("a fault of ours")

    sinks = [broken, lambda frame: heard.append("one"), broken, lambda frame: heard.append("two")]
    for sink in sinks:
        channel = await layer.new_channel()
        layer.attach(channel, sink)
        await layer.group_add("room", channel)
    await layer.begin_send("room", FRAME)
    assert sorted(heard) == ["one", "two"]
    await layer.flush()


class Stuck(InMemoryChannelLayer):
    """A stock layer whose Redis, say, does not answer for some groups."""

    async def group_discard(self, group: str, channel: str) -> None:
        if group.startswith("stuck"):
            await asyncio.Future()
        await super().group_discard(group, channel)

    async def group_send(self, group: str, message: dict) -> None:
        if group.startswith("stuck"):
            raise ConnectionError
        await super().group_send(group, message)


async def test_leaving_a_stock_layer_takes_bounded_time_and_leaves_what_it_can(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.test_layers.Stuck"}}
    monkeypatch.setattr(live_layer, "LEAVE_WITHIN", 0.2)
    layer, stock = get_channel_layer(), of_site()
    groups = [f"{kind}.{n}" for kind in ("stuck", "room") for n in range(50)]
    for group in groups:
        await stock.group_add(group, "socket")
    await asyncio.wait_for(stock.leave(groups, "socket"), 2)
    assert sorted(layer.groups) == sorted(groups[:50])


async def test_a_stock_layer_is_healthy_while_what_it_is_given_is_sent(settings: Settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "tests.test_layers.Stuck"}}
    stock = of_site()
    await asyncio.gather(stock.send("stuck", FRAME), return_exceptions=True)
    assert not stock.healthy
    await stock.send("room", FRAME)
    assert stock.healthy
