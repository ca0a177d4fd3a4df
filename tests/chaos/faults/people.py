"""Clients' behaviour, intended or not, and changes to their accounts."""

import asyncio
import json
import socket
import time
from contextlib import AsyncExitStack, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.chaos.checker import settled
from tests.chaos.client import Client
from tests.chaos.fault import fault
from tests.chaos.history import Attempt, Frame
from tests.chaos.malformed import frames
from tests.chaos.place import Place, World
from tests.wire import Wire, new_cid

# Bytes that the kernel buffers for a client that does not read. Beyond that the server must.
SMALL_WINDOW = 4096
# MiB that a process may use for slow readers: 1 for each, and something for other work.
SLOW_READERS_COST = 12.0


async def deaf(place: Place, person: str) -> ClientConnection:
    """Opens a socket whose client never reads."""
    process = place.processes[0]
    plug = socket.socket()
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_WINDOW)
    plug.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", process.port))
    connection = await connect(
        process.url.replace("http", "ws", 1) + "/ws/",
        sock=plug,
        additional_headers={"Cookie": f"sessionid={place.site.keys[person]}"},
        origin=process.url,  # type: ignore[arg-type]
        ping_interval=None,
        max_size=None,
    )
    await connection.recv()
    connection.transport.pause_reading()
    return connection


def is_closed(connection: ClientConnection) -> bool:
    """Whether the server closed the connection, without reading from it."""
    plug = connection.transport.get_extra_info("socket")
    try:
        local, remote = plug.getsockname()[1], plug.getpeername()[1]
    except OSError:
        return True
    with open("/proc/net/tcp") as table:
        rows = [line.split()[1:4] for line in table.readlines()[1:]]
    ports = [(int(a.split(":")[1], 16), int(b.split(":")[1], 16), state) for a, b, state in rows]
    established = "01"
    return (remote, local, established) not in ports


@fault(World(environment=(("SEND_RATE", "1000"),)))
async def slow_readers(place: Place) -> None:
    """Two clients do not read; one of them is silent, the other sends."""
    await place.people({"slow": ["general"]})
    sent = 0

    async def say_much() -> None:
        nonlocal sent
        for client in place.clients:
            if client.unsent < 5:
                client.say(place.rooms["general"], f"{client} {sent} " + "x" * 16_000)
                sent += 1
        await place.pause(0.1)

    # First bring the processes to their size for this load, with everybody reading.
    ordinary, began = 0.0, time.monotonic()
    while time.monotonic() - began < place.pick(3, 10):
        await say_much()
        ordinary = max(ordinary, place.usage().memory)
    place.rebase()
    silent, chatty = await deaf(place, "slow"), await deaf(place, "slow")
    most, before = 0.0, sent
    closed: dict[str, float] = {}
    began = time.monotonic()
    while len(closed) < 2 and time.monotonic() - began < 40:
        await say_much()
        with suppress(ConnectionClosed, TimeoutError):
            await asyncio.wait_for(chatty.send(json.dumps({"type": "ping", "ref": sent})), 0.2)
        for name, connection in (("silent", silent), ("chatty", chatty)):
            if name not in closed and is_closed(connection):
                closed[name] = time.monotonic() - began
        most = max(most, place.usage().memory)
    place.note(f"{(sent - before) * 16 // 1024} MiB sent, memory grew {most - ordinary:.1f} MiB")
    place.note("closed after " + ", ".join(f"{name} {at:.0f} s" for name, at in closed.items()))
    if len(closed) < 2:
        place.history.wrong(f"of two clients that do not read only {list(closed)} were closed")
    if most - ordinary > SLOW_READERS_COST:
        place.history.wrong(f"two slow readers cost {most - ordinary:.0f} MiB")
    for connection in (silent, chatty):
        connection.transport.abort()


@fault()
async def one_floods(place: Place) -> None:
    """One user sends as fast as possible; the others do not notice."""
    await place.people({"flooder": ["general"]})
    room, refused, answered = place.rooms["general"], 0, 0
    began = time.monotonic()
    for _ in range(place.pick(1, 5)):
        async with place.site.socket("flooder") as wire:
            try:
                for number in range(5000):
                    frame = {"type": "react", "message": 1, "emoji": "🌊", "on": number % 2 == 0}
                    await wire.send({"ref": number, **frame})
                code = await wire.closed(15)
            except ConnectionClosed:
                code = await wire.closed(15)
            answers = wire.answers.values()
            refused += sum(answer.get("code") == "rate_limited" for answer in answers)
            answered += len(answers)
        if code != 4429:
            place.history.wrong(f"the flooding client was closed with {code}")
    place.note(f"flooding in room {room}: {answered} answers, {refused} rate_limited")
    place.note_acks(since=time.monotonic() - began)


@fault()
async def same_cid_twice(place: Place) -> None:
    """The same cid through two processes at once is one message."""
    await place.people({"twin": ["general"]})
    room = place.rooms["general"]
    async with place.site.socket("twin", 0) as one, place.site.socket("twin", 1) as other:
        for number in range(place.pick(15, 150)):
            cid, body = new_cid(), f"twin {number}"
            attempt = Attempt("twin", place.site.ids["twin"], cid, room, body)
            place.history.attempts[attempt.user, cid] = attempt
            frame: Frame = {"type": "send", "room": room, "cid": cid, "body": body}
            first, second = await asyncio.gather(one.call(**frame), other.call(**frame))
            if first["type"] == second["type"] == "ack":
                attempt.ack, attempt.tries = first, 2
                # The later ack has the current version, which a reaction may have changed.
                same = ("id", "seq", "cid", "created_at")
                if any(first[name] != second[name] for name in same):
                    place.history.wrong(f"one cid, two messages: {first} {second}")
            else:
                place.history.wrong(f"one cid through two processes: {first} {second}")
            await place.pause(0.06)


@fault()
async def two_tabs_and_a_phone(place: Place) -> None:
    """One account in three clients, one of which is offline again and again."""
    await place.people({"ada": ["general", "team"]})
    three = [place.client("ada", ["general", "team"], name=name) for name in ("tab", "tab2", "ph")]
    for client in three:
        client.start()
    for _ in range(place.pick(4, 40)):
        for client in three:
            client.act()
            client.act()
        three[2].cut()
        three[2].act()
        await place.pause(0.2, 0.6)
    await settled(place, three)


# Accounts

# The protocol's promise in seconds; without Redis 60.
OUT_WITHIN = 2.0


@fault()
async def removal_and_ban(place: Place) -> None:
    """During a stream one person is removed from a room, and another's account is deactivated."""
    for number in range(place.pick(1, 5)):
        leaver, banned = f"leaver{number}", f"banned{number}"
        await place.people({leaver: ["general", "team"], banned: ["general", "team"]})
        clients = [place.client(name, ["general", "team"]) for name in (leaver, banned)]
        async with AsyncExitStack() as stack:
            for client in clients:
                client.start()
                stack.push_async_callback(client.stop)
            typing = asyncio.create_task(_type(place, clients))
            stack.callback(typing.cancel)
            await place.until(lambda: all(c.open for c in clients), 10)  # noqa: B023
            await place.pause(0.3, 1)
            at = await place.run(
                "tests.programs.rooms:remove", place.rooms["team"], place.site.ids[leaver]
            )
            clients[0].outside[place.rooms["team"]] = at + OUT_WITHIN
            at = await place.run("tests.programs.people:deactivate", banned)
            for room in place.rooms.values():
                clients[1].outside[room] = at + OUT_WITHIN
            if not await place.until(lambda: clients[1].ended == 4401, 5):  # noqa: B023
                place.history.wrong(f"a deactivated account was closed with {clients[1].ended}")
            await place.pause(2)
            if place.rooms["team"] in clients[0].rooms:
                place.history.wrong("the removed member was not told")


async def _type(place: Place, clients: list[Client]) -> None:
    while True:
        for client in clients:
            client.say(place.rooms["team"], f"{client} still says {time.monotonic()}")
        await place.pause(0.1)


@fault(only_full=True)
async def idle_sockets(place: Place) -> None:
    """Sockets idle for longer than every timeout stay open."""
    await place.people({"idle": ["general"]})
    idle = [place.client("idle", ["general"], name=f"idle{n}", direct=True) for n in range(4)]
    for client in idle:
        client.pings = False
        client.start()
    await place.until(lambda: all(client.open for client in idle), 10)
    place.loaded = False
    # Longer than daphne's ping timeout (30 s) and Redis' health check (15 s).
    await place.pause(90)
    if any(client.connects > 1 for client in idle):
        place.history.wrong(f"idle sockets connected {[client.connects for client in idle]} times")
    await settled(place, idle)


@fault()
async def malformed_frames(place: Place) -> None:
    """Malformed frames from hypothesis get an error or an answer; socket and server survive."""
    found = await asyncio.to_thread(frames, place.pick(150, 3000))
    await place.people({"mallory": ["general"]})
    wire: Wire | None = None
    closes: dict[Any, int] = {}
    async with AsyncExitStack() as stack:
        for number, frame in enumerate(found):
            if wire is None:
                wire = await stack.enter_async_context(place.site.socket("mallory", number % 2))
            try:
                await wire.send(frame)
                # A good frame in between, because five bad ones in a row close the socket.
                answer = await wire.call(type="ping")
            except (ConnectionClosed, KeyError):
                answer, code = {}, await wire.closed()
                closes[code] = closes.get(code, 0) + 1
                place.history.wrong(f"closed with {code} after {frame[:200]!r}")
                wire = None
            if answer.get("code") == "rate_limited":
                await asyncio.sleep(answer["retry_after"])
            await place.pause(0.01)
    place.note(f"{len(found)} frames")
