"""verify: a client that applied the frames, some dropped, doubled, shuffled, and synced holds
exactly what the database holds. The client is the browser's own store, run by node."""

import asyncio
import json
import random
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rooms import capability
from tests.conftest import MakeSite
from tests.programs import messages
from tests.services import missing
from tests.wire import Frame, Wire, new_cid

# Seconds by which an answer comes late.
LATE = [0, 0.02, 0.1, 0.3]
# Messages of a page when a room is read from one end to the other.
PAGE = 20


class Client:
    """The store in node, behind a lossy way from a real socket."""

    def __init__(self, node: asyncio.subprocess.Process, wire: Wire, rng: random.Random) -> None:
        self.node, self.wire, self.rng = node, wire, rng
        self.states: asyncio.Queue[Frame] = asyncio.Queue()
        self.held: list[Frame] = []

    def give(self, frame: Frame) -> None:
        assert self.node.stdin is not None
        self.node.stdin.write(json.dumps({"receive": frame}).encode() + b"\n")

    def lossy(self, frame: Frame) -> None:
        """Drops, doubles and holds back; answers to the client's own commands arrive."""
        chance = self.rng.random()
        if chance < 0.2:
            return
        self.held.append(frame)
        if chance < 0.4:
            self.held.append(frame)
        if chance > 0.6:
            self.rng.shuffle(self.held)
            for late in self.held:
                self.give(late)
            self.held.clear()

    async def listen(self) -> None:
        """Carries the store's commands to the server and the server's frames to the store."""
        assert self.node.stdout is not None
        async for line in self.node.stdout:
            said = json.loads(line)
            if "send" in said:
                await self.wire.send(said["send"])
                asyncio.get_running_loop().create_task(self._answer(said["send"]["ref"]))
            elif "state" in said:
                self.states.put_nowait(said["state"])

    async def _answer(self, ref: Any) -> None:
        answer = await self.wire.answer(ref)
        # Late, so that what it says may have changed meanwhile.
        await asyncio.sleep(self.rng.choice(LATE))
        self.give(answer)

    def load(self, room: int, query: dict[str, int]) -> None:
        """The store asks for a page of history."""
        assert self.node.stdin is not None
        line = json.dumps({"history": {"room": room, "query": query}})
        self.node.stdin.write(line.encode() + b"\n")

    async def carry(self) -> None:
        while True:
            frame = await self.wire.expect("changes", timeout=60)
            self.lossy(frame)

    async def state(self, room: int) -> Frame:
        assert self.node.stdin is not None
        self.node.stdin.write(json.dumps({"dump": room}).encode() + b"\n")
        return await self.states.get()


@asynccontextmanager
async def client(wire: Wire, rng: random.Random) -> AsyncIterator[Client]:
    node = shutil.which("node")
    if node is None:
        missing("node")
        raise AssertionError
    process = await asyncio.create_subprocess_exec(
        node,
        str(Path(__file__).with_name("client.mjs")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    made = Client(process, wire, rng)
    made.give(wire.hello)
    tasks = [asyncio.create_task(made.listen()), asyncio.create_task(made.carry())]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
        process.kill()
        await process.wait()


async def random_commands(
    wires: list[Wire], room: int, rng: random.Random, number: int, store: Client | None = None
) -> None:
    """Of each capability; meanwhile the store, if there is one, loads pages of history."""
    exercises = capability.all_of("exercise")
    known: list[Frame] = []
    for n in range(number):
        # Half of them by the kernel, which comes first.
        exercise = rng.choice([exercises[0], rng.choice(exercises)])
        await rng.choice(wires).call(**exercise(rng, room, known))
        if n % 8 == 0:
            known = await everything(wires[0], room)
        if store and known and rng.random() < 0.2:
            anchor = rng.choice(["before", "after", "around"])
            seq = rng.choice(known)["seq"]
            store.load(room, {anchor: seq, "limit": rng.randint(1, 20)})
        if rng.random() < 0.1:
            await asyncio.sleep(0.05)


async def everything(wire: Wire, room: int) -> list[Frame]:
    changes: list[Frame] = (await wire.call(type="sync", room=room, version=0))["messages"]
    return changes


@pytest.mark.parametrize("seed", range(6))
async def test_a_client_with_a_lossy_way_holds_what_the_database_holds(
    make_site: MakeSite, seed: int
) -> None:
    rng = random.Random(seed)
    with make_site("sqlite") as site:
        site.people("ada", "bob", "eve")
        async with site.socket("ada") as ada, site.socket("bob") as bob:
            room = ada.room("general")["id"]
            await random_commands([ada, bob], room, rng, 40)
            async with site.socket("eve") as eve, client(eve, rng) as store:
                await random_commands([ada, bob], room, rng, 80, store)
                # The last frame may be lost: the heartbeat shows it.
                store.give(await eve.call(type="ping", ref="heartbeat"))
                truth = await ada.call(type="sync", room=room, version=0)
                async with asyncio.timeout(20):
                    while (state := await store.state(room))["version"] != truth["to"]:
                        await asyncio.sleep(0.1)
                await asyncio.sleep(2 * max(LATE))  # until the last page is there
                state = await store.state(room)
                by_seq = {message["seq"]: message for message in truth["messages"]}
                assert state["messages"] == [by_seq[m["seq"]] for m in state["messages"]]
                # What was said before it came and never changed it finds in the history alone.
                store.load(room, {"before": 2**40, "limit": 200})
                async with asyncio.timeout(20):
                    while len((state := await store.state(room))["messages"]) < state["seq"]:
                        await asyncio.sleep(0.1)
                assert state["messages"] == truth["messages"]
                assert state["seq"] == truth["messages"][-1]["seq"]
                rows = site.run(messages.rows)
                held = [[m["seq"], m["version"], m["body"]] for m in state["messages"]]
                assert held == rows


async def read_by_pages(store: Client, room: int, direction: str) -> tuple[list[int], list[Frame]]:
    """A store that holds nothing reads a room to its end: what each page added; all messages."""
    last = (await store.state(room))["seq"]
    at, end = (last + 1, 1) if direction == "before" else (0, last)
    pages, held = list[int](), list[Frame]()
    while at != end:
        store.load(room, {direction: at, "limit": PAGE})
        async with asyncio.timeout(20):
            while len(more := (await store.state(room))["messages"]) == len(held):
                await asyncio.sleep(0.02)
        pages.append(len(more) - len(held))
        held = more
        at = held[0 if direction == "before" else -1]["seq"]
    return pages, held


@pytest.mark.parametrize("direction", ["before", "after"])
async def test_pages_of_history_are_the_whole_room_and_nothing_twice(
    make_site: MakeSite, direction: str
) -> None:
    rng = random.Random(7)
    with make_site("sqlite") as site:
        site.people("ada", "bob")
        async with site.socket("ada") as ada:
            room = ada.room("general")["id"]
            await random_commands([ada], room, rng, 150)
            truth = (await ada.call(type="sync", room=room, version=0))["messages"]
            async with site.socket("bob") as bob, client(bob, rng) as store:
                pages, held = await read_by_pages(store, room, direction)
        assert held == truth
        assert len(pages) > 2
        assert set(pages[:-1]) == {PAGE}


def message(seq: int) -> Frame:
    author = {"id": 1, "handle": "ada", "name": "Ada"}
    facts = {"id": seq, "seq": seq, "version": seq, "cid": new_cid(), "body": f"{seq}"}
    return facts | {"author": author}


def test_a_reset_that_comes_late_takes_nothing_back() -> None:
    person = {"id": 1, "handle": "ada", "name": "Ada"}
    facts = {"id": 1, "slug": "g", "name": "G", "kind": "public", "topic": "", "role": "member"}
    counts = {"seq": 0, "version": 0, "read_seq": 0, "unread": 0, "mentions": 0, "archived": False}
    room = facts | counts | {"notify": "all"}
    hello = {"type": "hello", "epoch": "one", "person": person, "rooms": [room], "heartbeat": 20}

    def changes(start: int, end: int) -> Frame:
        told = [message(seq) for seq in range(start + 1, end + 1)]
        return {"type": "changes", "room": 1, "from": start, "to": end, "messages": told}

    def reset(version: int, epoch: str = "one") -> Frame:
        latest = [message(version - 1), message(version)]
        frame = {"type": "reset", "ref": 9, "room": 1, "version": version, "epoch": epoch}
        return frame | {"messages": latest}

    # A head below what it holds makes the store ask, from 3.
    asks: Frame = {"type": "pong", "ref": 1, "heads": {"1": 2}}
    lines = [hello, changes(0, 3), asks, changes(3, 8), reset(6), "dump"]
    lines += [changes(9, 11), reset(10), "dump", reset(2, epoch="two"), "dump"]
    said = subprocess.run(
        ["node", str(Path(__file__).with_name("client.mjs"))],
        input="".join(
            json.dumps({"dump": 1} if line == "dump" else {"receive": line}) + "\n"
            for line in lines
        ),
        capture_output=True,
        text=True,
        timeout=20,
    )
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    states = [answer["state"] for answer in answers if "state" in answer]
    held = [(state["version"], [m["seq"] for m in state["messages"]]) for state in states]
    assert held == [(8, [1, 2, 3, 4, 5, 6, 7, 8]), (11, [9, 10, 11]), (2, [1, 2])], said.stderr
