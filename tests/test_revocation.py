"""Sockets are compared with the database, in case the event that ended them was lost."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from rooms.live import revocation
from rooms.live.broadcast import room_group
from rooms.live.facts import Facts
from rooms.live.groups import Groups
from rooms.live.heads import Heads
from rooms.live.layer import StockLayer
from rooms.live.sockets import Sockets
from tests.conftest import MakeSite
from tests.programs import sessions
from tests.services import Redis

NEVER = "100000"
# Seconds in which four comparisons would run.
FOUR_COMPARISONS = 2.0


def comparing(every: str, while_away: str) -> dict[str, Any]:
    return {"CHAT_COMPARE_EVERY": every, "CHAT_COMPARE_EVERY_WHILE_AWAY": while_away}


@pytest.mark.parametrize("end", [sessions.delete_in_the_dark, sessions.expire_in_the_dark])
async def test_socket_does_not_outlive_its_session(
    make_site: MakeSite, end: Callable[[str], None]
) -> None:
    with make_site("sqlite", **comparing("0.5", "0.5")) as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            site.run(end, site.keys["ada"])
            assert await ada.closed() == 4401
            assert (await bob.call(type="ping"))["type"] == "pong"


async def test_sockets_are_compared_more_often_while_redis_is_down(
    make_site: MakeSite, redis: Redis
) -> None:
    with make_site("sqlite", REDIS_URL=redis.url, **comparing(NEVER, "0.5")) as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            site.run(sessions.delete_in_the_dark, site.keys["ada"])
            await asyncio.sleep(FOUR_COMPARISONS)
            assert (await ada.call(type="ping"))["type"] == "pong"
            redis.end()
            assert await ada.closed() == 4401


class Open:
    """A socket of a person, in no room yet."""

    outbound: Any = None

    def __init__(self, person_id: int) -> None:
        self.person_id = person_id
        self.channel_name = f"of-{person_id}"
        self.session_key: str | None = self.channel_name
        self.rooms: set[int] = set()

    def push(self, event: Any) -> None: ...
    async def end(self, code: int) -> None: ...


async def test_socket_that_closes_while_it_is_compared_joins_no_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer, sockets = InMemoryChannelLayer(), Sockets()
    stays, closes = Open(1), Open(2)
    for socket in (closes, stays):
        sockets.add(socket)

    async def slow_read(function: Any, *_args: Any) -> dict:
        if function is revocation.may_stay:
            return {"of-1": 1, "of-2": 2}
        sockets.remove(closes)
        return {1: {7}, 2: {7}}

    monkeypatch.setattr(revocation, "read", slow_read)
    chats = StockLayer(layer)
    facts = Facts(sockets, Heads())
    await revocation.Comparer(sockets, chats, Groups(chats), facts).compare(list(sockets))
    assert list(layer.groups[room_group(7)]) == ["of-1"]
