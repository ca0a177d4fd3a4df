"""Sockets are compared with the database, since what ended them may not have been told."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import MakeSite
from tests.programs import sessions
from tests.services import Redis

NEVER = "100000"
# Seconds in which sockets would have been compared four times, if they were.
FOUR_COMPARISONS = 2.0


def comparing(every: str, while_away: str) -> dict[str, Any]:
    return {"CHAT_COMPARE_EVERY": every, "CHAT_COMPARE_EVERY_WHILE_AWAY": while_away}


@pytest.mark.parametrize("end", [sessions.delete_in_the_dark, sessions.expire_in_the_dark])
async def test_a_socket_does_not_outlive_its_session(
    make_site: MakeSite, end: Callable[[str], None]
) -> None:
    with make_site("sqlite", **comparing("0.5", "0.5")) as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            site.run(end, site.keys["ada"])
            assert await ada.closed() == 4401
            assert (await bob.call(type="ping"))["type"] == "pong"


async def test_sockets_are_compared_more_often_while_redis_is_away(
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
