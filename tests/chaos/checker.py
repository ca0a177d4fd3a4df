"""Compares everything clients sent and saw with the database."""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from tests.chaos.client import Client
from tests.chaos.database import Truth
from tests.chaos.history import Attempt, History
from tests.chaos.place import Place, Usage
from tests.recording.lines import read

# The promise of docs/protocol.md.
CONVERGE_WITHIN = 20.0
# Repair finds a frame lost by the layer at its second pass; passes are 2 s apart.
HEARD_WITHIN = 6.0
# A killed process is replaced in less than 10 s, and its followers' backlog is soon done.
FOLLOWED_WITHIN = 20.0
# Resources must return to within this share and an absolute allowance.
SHARE = 0.10
# MiB for both processes: arenas of CPython and malloc, which a single live object keeps allocated,
# and SQLite's page cache, 2 MB for each of up to 6 connections used for the first time.
MEMORY_ALLOWANCE = 32.0
# A pool thread that starts at the first burst opens SQLite's three files. Each process has 4
# readers, the writer and up to 6 threads of asgiref's.
DESCRIPTORS_ALLOWANCE = 30
THREADS_ALLOWANCE = 12
REDIS_CLIENTS_ALLOWANCE = 2


@dataclass
class Result:
    fault: str
    seed: int
    world: str = ""
    clients: int = 0
    sent: int = 0
    acked: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    converged: float | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        converged = "never" if self.converged is None else f"{self.converged:.1f} s"
        line = (
            f"{self.fault:28} {self.world:28} {self.clients:5} clients, sent {self.sent:5}, "
            f"acked {self.acked:5}, lost {self.lost}, doubled {self.doubled}, "
            f"reordered {self.reordered}, caught up {converged:>6}, took {self.seconds:.0f} s"
        )
        if self.notes:
            line += "; " + "; ".join(self.notes)
        return "\n    ".join([line, *(f"VIOLATION {text[:600]}" for text in self.violations)])


# Clients and the database


def difference(client: Client, truth: Truth) -> str | None:
    """Returns the first difference between the client's state and the database."""
    if client.ended is not None:
        return f"{client} was closed for good with {client.ended}"
    if not client.open:
        return f"{client} is not connected; last closed with {client.codes[-5:]}"
    if client.unsent:
        return f"{client} still has {client.unsent} messages to send"
    if client.epoch != truth.epoch:
        return f"{client} has another epoch"
    if set(client.rooms) != truth.members[client.user]:
        return f"{client} is in {sorted(client.rooms)}, not {sorted(truth.members[client.user])}"
    for room in client.rooms.values():
        row = truth.rooms[room.id]
        if room.version != row.version:
            return f"{client} holds version {room.version} of room {room.id}, not {row.version}"
        if room.messages == row.messages:
            continue
        for seq in sorted(room.messages.keys() | row.messages.keys()):
            held, there = room.messages.get(seq), row.messages.get(seq)
            if held is None and seq < room.first:
                return f"{client} was reset and has loaded room {room.id} back to {room.first} only"
            if held != there:
                return f"{client} holds {held}, the database {there}"
    return None


async def converge(place: Place, clients: Iterable[Client]) -> float | None:
    """Returns the seconds until all clients have the state of the database, or None."""
    began = time.monotonic()
    behind = list(clients)
    what: str | None = "the database cannot be read"
    while True:
        try:
            truth = place.database.read()
        except Exception as problem:
            what = f"the database cannot be read: {problem}"
        else:
            behind = [client for client in behind if difference(client, truth)]
            if not behind:
                # Clients that were equal earlier must still be equal at the end.
                behind = [client for client in clients if difference(client, truth)]
            if not behind:
                return time.monotonic() - began
            what = difference(behind[0], truth)
        if time.monotonic() - began > CONVERGE_WITHIN:
            place.history.wrong(
                f"after {CONVERGE_WITHIN:.0f} s {len(behind)} clients are not equal to the "
                f"database: {what}"
            )
            return None
        await asyncio.sleep(0.1)


async def settled(place: Place, clients: list[Client]) -> None:
    """Waits until a fault's own clients converge, then stops them."""
    place.loaded = False
    await converge(place, clients)
    await asyncio.gather(*(client.stop() for client in clients))


async def reach(place: Place, clients: list[Client], speakers: int = 2) -> float | None:
    """Returns the seconds until messages in General are acked and received by all, or None."""
    room = place.rooms["general"]
    began = time.monotonic()
    attempts = [
        client.say(room, f"{client} asks who is here {began}") for client in clients[:speakers]
    ]

    def heard() -> bool:
        return all(
            attempt.ack is not None
            and all(attempt.ack["seq"] in client.rooms[room].messages for client in clients)
            for attempt in attempts
        )

    return time.monotonic() - began if await place.until(heard, HEARD_WITHIN) else None


async def probe(place: Place) -> None:
    """Checks that everything works afterwards: each process's messages reach everybody."""
    took = await reach(place, place.clients)
    if took is None:
        place.history.wrong(f"afterwards a message did not reach all within {HEARD_WITHIN} s")
    elif took > 1:
        place.note(f"afterwards a message took {took:.1f} s")


# The database and the histories


def invariants(history: History, truth: Truth) -> None:
    """Checks invariants that hold under any fault."""
    for room in truth.rooms.values():
        seqs = [said.seq for said in room.rows]
        if seqs != list(range(1, room.seq + 1)):
            history.wrong(f"room {room.id} has the seqs {seqs[:5]}…, not 1 to {room.seq}")
        versions = [said.version for said in room.rows]
        if len(set(versions)) != len(versions) or max(versions, default=0) > room.version:
            history.wrong(
                f"room {room.id} has duplicate versions or versions beyond {room.version}"
            )
        if versions and max(versions) != room.version:
            history.wrong(f"room {room.id}: no message has its version {room.version}")
        for said in room.rows:
            attempt = history.attempts.get((said.author, said.cid))
            if attempt is None:
                history.wrong(f"nobody sent {said}")
            elif attempt.room != room.id:
                history.wrong(f"{said} was sent to room {attempt.room}")
            elif not (said.edited or said.deleted) and said.body != attempt.body:
                history.wrong(f"{said} was sent as {attempt.body!r}")
            elif attempt.refused and attempt.tries == 1:
                history.wrong(f"{said} was refused: {attempt.refused}")
    by_id = {said.id: said for room in truth.rooms.values() for said in room.rows}
    for epoch, id, version, body in history.edits:
        fact, row = history.facts.get((epoch, id, version)), by_id.get(id)
        if fact is not None and fact.body != body:
            history.wrong(f"the edit to {body!r} was acked as version {version}: {fact}")
        if epoch == truth.epoch and (row is None or row.version < version):
            history.wrong(f"an acked edit is lost: {body!r} of message {id}")


def count(history: History, truth: Truth, attempts: Iterable[Attempt], result: Result) -> None:
    """Counts acked, lost, duplicated and reordered messages."""
    rows = {
        (said.author, said.cid): (room.id, said)
        for room in truth.rooms.values()
        for said in room.rows
    }
    times = Counter((said.author, said.cid) for room in truth.rooms.values() for said in room.rows)
    bodies = Counter(
        said.body for room in truth.rooms.values() for said in room.rows if not said.deleted
    )
    order: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for attempt in attempts:
        result.sent += 1
        key = attempt.user, attempt.cid
        there = rows.get(key)
        if times[key] > 1 or bodies[attempt.body] > 1:
            result.doubled += 1
            history.wrong(f"{attempt.body!r} was stored twice")
        if attempt.ack is not None and not attempt.of_another_life:
            result.acked += 1
            if there is None:
                result.lost += 1
                history.wrong(f"acked as {attempt.ack} and lost: {attempt.body!r}")
            elif (there[1].id, there[1].seq) != (attempt.ack["id"], attempt.ack["seq"]):
                history.wrong(f"acked as {attempt.ack}, but is {there[1]}")
        if there is not None:
            order[attempt.client, attempt.room].append(there[1].seq)
    for who, seqs in order.items():
        wrong = sum(a > b for a, b in pairwise(seqs))
        if wrong:
            result.reordered += wrong
            history.wrong(f"{who[0]} has messages in room {who[1]} in another order")


# Followers

_BEHIND = """
    SELECT follower.name, room.id, place.version, room.version
    FROM rooms_room room
    JOIN (SELECT DISTINCT follower AS name FROM rooms_cursor) follower ON room.version > 0
    LEFT JOIN rooms_cursor place ON place.follower = follower.name AND place.room_id = room.id
    WHERE place.version IS NULL OR place.version <> room.version
"""
_INACTIVE = """
    SELECT 'activity', room.id, activity.seq, room.seq
    FROM rooms_room room
    JOIN rooms_message latest ON latest.room_id = room.id AND latest.seq = room.seq
    LEFT JOIN rooms_activity activity ON activity.room_id = room.id
    WHERE activity.seq IS NULL OR activity.seq <> room.seq OR activity.at <> latest.created_at
"""


async def followed(place: Place) -> None:
    """Checks that every follower caught up without gaps, and that every due row was done."""
    began = time.monotonic()
    while wrong := _not_followed(place):
        if time.monotonic() - began > FOLLOWED_WITHIN:
            place.history.wrong(f"not followed after {FOLLOWED_WITHIN:.0f} s: {wrong[:5]}")
            return
        await asyncio.sleep(0.2)
    truth = place.database.read()
    for name in ("recorder", "failer", "sleeper"):
        # Only some faults use the app that records this.
        lines = read(place.site.folder, name)
        for room in truth.rooms.values() if lines else ():
            reached, seen = 0, dict[int, int]()
            for _pid, _time, id, after, to, rows in lines:
                if id == room.id:
                    if after > reached:
                        place.history.wrong(f"{name} was not given {reached} to {after} of {id}")
                    reached = max(reached, to)
                    seen |= {message: version for message, version, _body in rows}
            if seen != {said.id: said.version for said in room.rows}:
                place.history.wrong(f"{name} did not see the final messages of {room.id}")
    done = {key for _pid, _time, key in read(place.site.folder, "done")}
    if missing := place.scheduled - done:
        place.history.wrong(f"{len(missing)} due rows were not done: {sorted(missing)[:5]}")


def _not_followed(place: Place) -> list[tuple]:
    try:
        rows = place.database.execute("SELECT kind, 0, 0, 0 FROM rooms_due")
        return rows + place.database.execute(_BEHIND) + place.database.execute(_INACTIVE)
    except Exception as problem:
        return [(f"the database cannot be read: {problem}",)]


# The processes


class Watch:
    """Measures the processes before a fault, to compare with the state after it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.before = place.usage()
        self.logs = {process.log: process.log.stat().st_size for process in place.processes}

    def rebase(self) -> None:
        """Takes the current state as the one to return to."""
        self.before = self.place.usage()

    async def resources(self) -> None:
        place, before = self.place, self.before
        end = time.monotonic() + 15
        while (problem := self._grown(after := place.usage())) and time.monotonic() < end:
            await asyncio.sleep(0.5)
        if problem:
            place.history.wrong(f"{problem} did not come back: {before}, then {after}")

    def _grown(self, after: Usage) -> str | None:
        before = self.before
        for name, allowance in (
            ("memory", MEMORY_ALLOWANCE),
            ("descriptors", DESCRIPTORS_ALLOWANCE),
            ("threads", THREADS_ALLOWANCE),
            ("redis_keys", 0),
            ("redis_clients", REDIS_CLIENTS_ALLOWANCE),
        ):
            was = getattr(before, name)
            if getattr(after, name) > was * (1 + SHARE) + allowance:
                return name
        return None

    def tracebacks(self, allowed: Iterable[tuple[str, str]]) -> None:
        """Reports tracebacks in the servers' logs that the fault does not allow."""
        seen: Counter[str] = Counter()
        for log, size in self.logs.items():
            with log.open("rb") as file:
                file.seek(size)
                text = file.read().decode(errors="replace")
            for trace in text.split("Traceback (most recent call last):\n")[1:]:
                lines = trace.splitlines()
                last = next((line for line in lines if line and not line.startswith(" ")), "?")
                places = [line.strip() for line in lines if line.startswith("  File")]
                where = places[-1] if places else ""
                if not any(re.search(pattern, f"{last} {where}") for pattern, _reason in allowed):
                    seen[f"{last} at {where}"] += 1
        for trace, times in seen.items():
            self.place.history.wrong(f"{times} × in the servers' logs: {trace}")
