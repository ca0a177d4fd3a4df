"""What the channel layer lost comes from the database."""

import asyncio
import signal
import time

import psycopg
import pytest

from rooms.conf import conf
from tests.conftest import MakeSite
from tests.programs import messages, people, rooms, sessions
from tests.services import Postgres, Redis
from tests.site import COMPARES_SOON, FIRST_LOOK, Site
from tests.wire import Wire, new_cid

# Of a site that also compares its sockets with the database sooner than every 20 s.
COMPARES_SOCKETS_SOON = {"CHAT_COMPARE_EVERY": "0.5", "CHAT_COMPARE_EVERY_WHILE_AWAY": "0.5"}
# Seconds in which a process finds a Redis that is there again, and trusts it again.
RECONNECTED = 2.0
HEALTHY = 1.0
NEVER = "100000"


async def until(wire: Wire, version: int, seconds: float) -> float:
    """The seconds until the frames, without a hole, reach this version."""
    began = time.monotonic()
    at = version - 1
    while at < version:
        at = (await wire.expect("changes", seconds, **{"from": at}))["to"]
    return time.monotonic() - began


async def test_a_lost_frame_comes_within_five_seconds(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True, **COMPARES_SOON) as site:
        await lose_and_find(site)


async def test_a_lost_frame_comes_on_postgresql_too(make_site: MakeSite) -> None:
    with make_site("postgres", redis=True, **COMPARES_SOON) as site:
        await lose_and_find(site)


def test_by_default_nothing_is_found_later_than_promised() -> None:
    """The sites of these tests look sooner, so that no test has to wait for it."""
    assert conf.REPAIR_EVERY <= 2, "the heads of a pong are at most 2 s old"
    assert 2 * conf.REPAIR_EVERY < 5, "what is lost is found at the second look"
    assert conf.COMPARE_EVERY + conf.COMPARE_EVERY_WHILE_AWAY < 60


async def lose_and_find(site: Site) -> None:
    bob = site.people("ada", "bob")["bob"]
    async with site.socket("ada") as ada:
        room = ada.room("general")["id"]
        await asyncio.sleep(FIRST_LOOK)
        site.run(messages.say, bob, [f"lost {n}" for n in range(3)])
        changes = await ada.expect("changes", 5)
        assert (changes["from"], changes["to"]) == (0, 3)
        assert [m["body"] for m in changes["messages"]] == ["lost 0", "lost 1", "lost 2"]
        pong = await ada.call(type="ping")
        assert pong["heads"] == {str(room): 3}
        await ada.say(room, "and it goes on")
        assert (await ada.expect("changes"))["from"] == 3
        assert await ada.quiet(FIRST_LOOK) == [], "nothing is told twice for no reason"


async def test_too_much_to_tell_is_a_hint_to_ask(make_site: MakeSite) -> None:
    with make_site("sqlite", **COMPARES_SOON) as site:
        bob = site.people("ada", "bob")["bob"]
        async with site.socket("ada") as ada:
            await asyncio.sleep(FIRST_LOOK)
            site.run(messages.say_together, bob, ["x"] * 600)
            hint = await ada.expect("changes", 5)
            assert (hint["from"], hint["to"], hint["messages"]) == (600, 600, [])
            reset = await ada.call(type="sync", room=1, version=99)
            assert (reset["type"], reset["version"]) == ("reset", 600)
            assert [message["seq"] for message in reset["messages"]] == [*range(551, 601)]
            changes = await ada.call(type="sync", room=1, version=100)
            assert (changes["type"], len(changes["messages"])) == ("changes", 500)


async def test_a_lost_rename_comes_too(make_site: MakeSite) -> None:
    with make_site("sqlite", redis=True, **COMPARES_SOON) as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            await asyncio.sleep(FIRST_LOOK)
            site.run(rooms.rename_in_the_dark, "Renamed in the dark")
            assert (await ada.expect("room", 5))["room"]["name"] == "Renamed in the dark"
            assert await ada.quiet(FIRST_LOOK) == []


async def test_with_redis_away_people_talk_on_and_come_in(
    make_site: MakeSite, redis: Redis
) -> None:
    with make_site("sqlite", processes=2, REDIS_URL=redis.url) as site:
        site.people("ada", "bob", "eve")
        async with site.socket("ada", 0) as ada, site.socket("bob", 1) as bob:
            room = ada.room("general")["id"]
            await ada.say(room, "1")
            await bob.expect("changes", to=1)
            redis.end()
            for number in range(2, 6):
                began = time.monotonic()
                wire, other = (ada, bob) if number % 2 else (bob, ada)
                await wire.say(room, str(number))
                assert time.monotonic() - began < 1, "no ack waits for Redis"
                await wire.expect("changes", 1, to=number)
                await until(other, number, 5)
            began = time.monotonic()
            async with site.socket("eve", 0) as eve:
                assert time.monotonic() - began < 3
                await bob.say(room, "6")
                assert await until(eve, 6, 5) < 2
            redis.start()
            await asyncio.sleep(RECONNECTED)
            await ada.say(room, "7")
            await until(bob, 7, 6)
            await asyncio.sleep(HEALTHY)
            began = time.monotonic()
            await bob.say(room, "8")
            await ada.expect("changes", 1, to=8)
            assert time.monotonic() - began < 1, "the fast way works again"
        for process in site.processes:
            assert "Traceback" not in process.log.read_text()


async def test_a_frozen_redis_delays_nothing_here(make_site: MakeSite, redis: Redis) -> None:
    with make_site("sqlite", processes=2, REDIS_URL=redis.url, **COMPARES_SOON) as site:
        site.people("ada", "bob", "eve")
        async with (
            site.socket("ada", 0) as ada,
            site.socket("bob", 0) as bob,
            site.socket("eve", 1) as eve,
        ):
            room = ada.room("general")["id"]
            redis.send(signal.SIGSTOP)
            try:
                for number in range(1, 11):
                    began = time.monotonic()
                    await ada.say(room, str(number))
                    await bob.expect("changes", 1, to=number)
                    assert time.monotonic() - began < 1
                    await until(eve, number, 6)
            finally:
                redis.send(signal.SIGCONT)


async def test_a_new_epoch_sends_everybody_to_begin_anew(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            # Also before this process looked at the database for the first time.
            site.run(rooms.change_epoch)
            assert (await ada.expect("bye", 5))["after_ms"] < 1000
            assert await ada.closed() == 1000
        async with site.socket("ada") as again:
            assert again.hello["epoch"] != ada.hello["epoch"]


async def test_nothing_of_a_restored_database_is_acked_to_sockets_of_the_one_before(
    make_site: MakeSite,
) -> None:
    with make_site("sqlite", CHAT_REPAIR_EVERY=NEVER) as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")["id"]
            site.run(rooms.change_epoch)
            frame = {"type": "send", "ref": "late", "room": room, "cid": new_cid(), "body": "x"}
            await ada.send(frame)
            for wire in (ada, bob):
                await wire.expect("bye")
                assert await wire.closed() == 1000
            assert ada.answers == {}
            assert not [event for event in bob.events if event["type"] == "changes"]
        async with site.socket("ada") as again:
            ack = await again.call(**frame)
            assert (ack["type"], ack["seq"]) == ("ack", 1)


@pytest.mark.parametrize("layer", ["tests.settings", "tests.settings.stock_layer"])
async def test_a_frame_of_another_life_of_the_database_closes_sockets_instead(
    make_site: MakeSite, layer: str
) -> None:
    never = dict.fromkeys(("CHAT_REPAIR_EVERY", "CHAT_REPAIR_EVERY_WHILE_AWAY"), NEVER)
    with make_site(
        "sqlite", redis=True, processes=2, DJANGO_SETTINGS_MODULE=layer, **never
    ) as site:
        site.people("ada", "bob")
        async with site.socket("ada", 0) as ada:
            site.run(rooms.change_epoch)
            async with site.socket("bob", 1) as bob:
                await bob.say(bob.room("general")["id"], "of the new one")
                await bob.expect("changes")
                await ada.expect("bye")
                assert await ada.closed() == 1000
                assert [event for event in ada.events if event["type"] == "changes"] == []


async def test_while_the_database_is_away_nothing_is_lost_and_nobody_is_sent_away(
    make_site: MakeSite, postgres: Postgres
) -> None:
    with make_site("postgres") as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada:
            room = ada.room("general")["id"]
            name = site.environment["DATABASE_URL"].rpartition("/")[2]
            with psycopg.connect(f"{postgres.url}/postgres", autocommit=True) as admin:
                admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [name],
                )
                frame = {"type": "send", "room": room, "cid": new_cid(), "body": "x"}
                for command in (frame, {"type": "history", "room": room}):
                    answer = await ada.call(**command)
                    assert answer["code"] == "unavailable"
                    assert answer["retry_after"] > 0
                refused = Wire(site.url, site.keys["bob"])
                with pytest.raises(AssertionError, match="closed without hello: 1000"):
                    await refused.__aenter__()
                admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            assert (await ada.call(**frame))["seq"] == 1
            async with site.socket("bob") as bob:
                assert bob.room("general")["seq"] == 1


async def test_what_nobody_told_is_noticed_within_a_minute(make_site: MakeSite) -> None:
    with make_site("sqlite", processes=2, redis=True, **COMPARES_SOCKETS_SOON) as site:
        site.people("ada", "bob", "eve", "kim")
        async with (
            site.socket("ada", 1) as ada,
            site.socket("bob", 0) as bob,
            site.socket("eve", 1) as eve,
            site.socket("kim", 0) as kim,
        ):
            room = eve.room("general")["id"]
            site.run(sessions.change_in_the_dark, site.keys["ada"], "bob", "eve")
            assert await ada.closed(30) == 4401
            assert await bob.closed(30) == 4401
            assert (await eve.expect("left", 30))["room"] == room
            new = (await eve.expect("room", 30))["room"]
            assert new["name"] == "Elsewhere"
            await kim.say(room, "without you")
            assert await eve.quiet() == []
            assert (await eve.say(new["id"], "here"))["type"] == "ack"
            assert (await eve.expect("changes", room=new["id"]))["to"] == 1


END = {
    "deactivation": people.deactivate,
    "password": people.change_password,
    "deletion": people.delete,
}


@pytest.mark.parametrize("how", END)
async def test_an_account_that_ended_is_out_in_two_seconds(make_site: MakeSite, how: str) -> None:
    with make_site("sqlite", processes=2, redis=True) as site:
        site.people("ada", "bob")
        async with (
            site.socket("ada", 0) as ada,
            site.socket("ada", 1) as tab,
            site.socket("bob", 1) as bob,
        ):
            site.run(END[how], "ada")
            began = time.monotonic()
            assert (await ada.closed(5), await tab.closed(5)) == (4401, 4401)
            assert time.monotonic() - began < 2
            assert (await bob.call(type="ping"))["type"] == "pong"
            with pytest.raises(AssertionError, match="closed without hello: 4401"):
                await site.socket("ada", 0).__aenter__()
