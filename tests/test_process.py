"""What a socket may count on from its hello to the process's end."""

import asyncio
import json
import signal
import sqlite3

import psycopg
from websockets.asyncio.client import connect

from tests.conftest import MakeSite
from tests.programs import messages, rooms
from tests.site import Site
from tests.wire import new_cid

# Seconds between two looks of a process at the database, and those until it looked once.
LOOKS_EVERY, FIRST_LOOK = 1.0, 1.3
# Seconds in which what was sent is where a transaction holds it, or would have been answered.
ARRIVED = 0.3


async def first_frames(site: Site, name: str, number: int) -> list[dict]:
    """The first frames of a new socket."""
    async with connect(
        site.url.replace("http", "ws", 1) + "/ws/",
        additional_headers={"Cookie": f"sessionid={site.keys[name]}"},
        origin=site.url,  # type: ignore[arg-type]
    ) as connection:
        return [json.loads(await connection.recv()) for _ in range(number)]


async def test_hello_comes_first_and_nothing_after_it_is_missed(make_site: MakeSite) -> None:
    """Also for what is committed while a socket opens."""
    with make_site("sqlite", SEND_RATE="10000", SEND_BURST="10000") as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada:
            room = ada.room("general")["id"]

            async def talk() -> None:
                while True:
                    await ada.say(room, "x")

            talking = asyncio.create_task(talk())
            for _ in range(40):
                hello, *events = await first_frames(site, "bob", 4)
                assert hello["type"] == "hello"
                [state] = hello["rooms"]
                at = state["version"]
                for event in events:
                    if event["type"] == "changes":
                        assert event["from"] <= at
                        at = max(at, event["to"])
            talking.cancel()


async def test_what_is_committed_while_a_hello_is_read_comes_after_it(
    make_site: MakeSite,
) -> None:
    with make_site("postgres") as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada:
            room = ada.room("general")["id"]
            with psycopg.connect(site.environment["DATABASE_URL"]) as lock:
                # A hello counts mentions when its moment of the database has begun already, and
                # to say something without one nobody needs the table.
                lock.execute("LOCK TABLE rooms_mention")
                opening = asyncio.create_task(site.socket("bob").__aenter__())
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                async with asyncio.timeout(10):
                    while lock.execute(waiting).fetchone() == (0,):
                        await asyncio.sleep(0.02)
                assert (await ada.say(room, "meanwhile"))["type"] == "ack"
            bob = await opening
            assert bob.room("general")["version"] == 0
            changes = await bob.expect("changes")
            assert (changes["from"], changes["to"]) == (0, 1)
            await bob.__aexit__()


async def test_heads_are_those_of_the_database_also_before_they_are_told(
    make_site: MakeSite,
) -> None:
    with make_site("sqlite", CHAT_REPAIR_EVERY=str(LOOKS_EVERY)) as site:
        bob = site.people("ada", "bob")["bob"]
        async with site.socket("ada") as ada:
            room = str(ada.room("general")["id"])
            await asyncio.sleep(FIRST_LOOK)
            site.run(messages.say, bob, ["in the dark"])
            async with asyncio.timeout(5):
                while (await ada.call(type="ping"))["heads"][room] != 1:
                    assert await ada.quiet(0) == []
                    await asyncio.sleep(0.1)
            assert not [event for event in ada.events if event["type"] == "changes"]
            await ada.expect("changes", 5, to=1)


async def test_nobody_types_in_a_room_that_they_are_not_in(make_site: MakeSite) -> None:
    with make_site("sqlite") as site:
        people = site.people("ada", "bob")
        room = site.run(rooms.create, people["ada"], "Secret", "private")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            await bob.send({"type": "typing", "room": room})
            await bob.call(type="ping")
            assert await ada.quiet() == []
            await ada.send({"type": "typing", "room": room})
            await ada.expect("typing", room=room)


async def test_clients_of_an_ending_process_come_back_at_different_times(
    make_site: MakeSite,
) -> None:
    with make_site("sqlite", server="serve") as site:
        site.people("ada")
        wires = [await site.socket("ada").__aenter__() for _ in range(8)]
        site.processes[0].process.send_signal(signal.SIGTERM)
        delays = [(await wire.expect("bye"))["after_ms"] for wire in wires]
        assert len(set(delays)) > 4
        assert all(0 <= delay <= 200 for delay in delays)


async def test_an_ending_process_takes_no_more_commands(make_site: MakeSite) -> None:
    """They would be answered by nobody if the process ended first."""
    with make_site("sqlite", server="serve") as site:
        site.people("ada")
        async with site.socket("ada") as ada:
            room = ada.room("general")["id"]
            other = sqlite3.connect(site.folder / "chat.sqlite3", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            frame = {"type": "send", "room": room, "body": "in time"}
            await ada.send({**frame, "ref": 1, "cid": new_cid()})
            await asyncio.sleep(ARRIVED)
            site.processes[0].process.send_signal(signal.SIGTERM)
            await ada.expect("bye")
            await ada.send({**frame, "ref": 2, "cid": new_cid(), "body": "too late"})
            await asyncio.sleep(ARRIVED)
            other.execute("ROLLBACK")
            assert (await ada.answer(1))["type"] == "ack"
            assert await ada.closed() == 1001
            assert 2 not in ada.answers
        assert site.run(messages.bodies) == ["in time"]
