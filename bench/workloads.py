"""The workloads, and how they are measured."""

import json
import subprocess
import time
from dataclasses import dataclass
from typing import Any, Literal

from bench.designs import BUILD, Cores, Server
from bench.pages import Pages, cpu_of, measure_pages
from bench.product import People

Mode = Literal["closed", "paced", "idle", "storm"]

IDLE_FIRST = 100  # connections before the first look at the memory
IDLE_ROOMS = 20

QUIET = 0.1  # share of a core
SETTLE_WITHIN = 15.0  # seconds


@dataclass(frozen=True)
class Workload:
    """Clients in rooms, some of which send.

    closed: each sender keeps `in_flight` messages in flight, as fast as possible
    paced: `rate` messages a second, over all senders
    idle: nobody sends; measures memory and CPU
    storm: all connect at once
    """

    key: str  # part of the names of the chat's rooms and people
    name: str
    mode: Mode
    people: int  # in each room
    rooms: int = 1
    senders: int = 0  # in each room
    in_flight: int = 4
    rate: float = 0
    spread: bool = True  # each person is in one room, not in all

    @property
    def clients(self) -> int:
        return self.people * self.rooms if self.spread else self.people

    def rooms_and_people(self) -> dict[str, People]:
        """The people of each room, for the chat."""
        step = self.people if self.spread else 0
        return {
            f"{self.key}_{n}": (self.key, n * step, n * step + self.people)
            for n in range(self.rooms)
        }

    def plan(self, server: Server, seconds: float, warmup: float) -> str:
        """The plan for bench/load.c."""
        lines = [
            f"protocol {server.protocol}",
            f"path {server.path}",
            *(f"port {port}" for port in (server.port, *server.others)),
            *(f"server {pid}" for pid in (server.pid, *server.others.values())),
            f"redis {server.redis}",
            f"mode {self.mode}",
            f"in_flight {self.in_flight}",
            f"seconds {seconds}",
            f"warmup {warmup}",
            f"first {IDLE_FIRST}",
        ]
        if self.rate:
            lines.append(f"rate {self.rate}")
        every = self.people // self.senders if self.senders else self.people + 1
        # Round-robin over the rooms, so that the senders are spread evenly.
        for number in range(self.clients):
            place, room = divmod(number, self.rooms)
            sends = bool(self.senders) and place % every == 0 and place // every < self.senders
            person = room * self.people + place if self.spread else number
            name = f"{self.key}_{room}"
            room_id = server.rooms.get(name, name)
            session = server.sessions.get(f"{self.key}-{person}", "-")
            lines.append(f"client {room_id} {int(sends)} {session}")
        return "\n".join(lines) + "\n"


SATURATED = [
    Workload(f"all{n}", f"saturated, {n} in a room", "closed", n, senders=4)
    for n in (50, 200, 1000)
]
PACED = [
    Workload("paced200", "20 messages/s to 200", "paced", 200, senders=4, rate=20),
    Workload("paced10", "100 messages/s in 20 rooms of 10", "paced", 10, 20, senders=2, rate=100),
]
ACKED = Workload("pairs", "32 senders in 32 rooms of 2", "closed", 2, 32, senders=1)
STORM = Workload("storm", "1,000 connects at once", "storm", 1000, IDLE_ROOMS, spread=False)
IDLE = Workload(
    "idle", "1,000 idle connections", "idle", 1000 + IDLE_FIRST, IDLE_ROOMS, spread=False
)
WORKLOADS = [IDLE, STORM, *SATURATED, *PACED, ACKED]
# The chat's first room, for its page.
PAGE = Workload("page", "room page, 50 messages, signed in", "idle", 10)
PAGE_MESSAGES = 50
NOTHING = "a view that does nothing (/favicon.ico: a redirect through all middleware)"
ROOMS = {
    room: people
    for workload in (PAGE, *WORKLOADS)
    for room, people in workload.rooms_and_people().items()
}


@dataclass
class Result:
    """One row of bench/results.json. Fields that do not apply to a design or workload are None."""

    design: str
    workload: str
    clients: int
    delivered_per_s: float | None = None
    acked_per_s: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    cpu_us_per_delivery: float | None = None
    kb_per_connection: float | None = None
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    # Ended or refused connections, error answers, senders without an answer.
    gone: int = 0
    errors: int = 0
    stalls: int = 0
    connect_s: float | None = None
    requests_per_s: float | None = None
    # Share of a core during the measurement.
    server_cpu: float | None = None
    redis_cpu: float | None = None
    generator_cpu: float | None = None


def measure(
    design: str,
    workload: Workload,
    server: Server,
    cores: Cores,
    seconds: float,
    warmup: float = 1.0,
) -> Result:
    """Raises RuntimeError if the generator failed."""
    settle(server)
    done = subprocess.run(
        ["taskset", "-c", str(cores.others), str(BUILD / "load")],
        input=workload.plan(server, seconds, warmup),
        capture_output=True,
        text=True,
        timeout=seconds + 300,
    )
    if done.returncode:
        raise RuntimeError(f"{design}, {workload.name}: {done.stderr[-2000:]}")
    return _result(design, workload, server, json.loads(done.stdout))


def settle(server: Server) -> None:
    """Waits until the server has closed the connections of the previous workload."""
    ended = time.monotonic() + SETTLE_WITHIN
    used = 1.0
    while used > QUIET and time.monotonic() < ended:
        before = cpu_of(server.pid)
        time.sleep(0.25)
        used = (cpu_of(server.pid) - before) / 0.25


def _result(design: str, workload: Workload, server: Server, seen: dict[str, Any]) -> Result:
    result = Result(design, workload.name, workload.clients)
    for name in ("lost", "doubled", "reordered", "gone", "errors", "stalls"):
        setattr(result, name, seen[name])
    result.gone += workload.clients - seen["entered"] - seen["gone"]
    if workload.mode == "storm":
        result.connect_s = seen["connect_seconds"]
        return result
    seconds = seen["seconds"]
    result.server_cpu = seen["server_cpu"] / seconds
    result.redis_cpu = seen["redis_cpu"] / seconds
    result.generator_cpu = seen["own_cpu"] / seconds
    if workload.mode == "idle":
        result.kb_per_connection = seen["kb_per_connection"]
        return result
    result.delivered_per_s = seen["delivered"] / seconds
    result.acked_per_s = seen["acked"] / seconds if server.protocol == "chat" else None
    result.p50_ms, result.p99_ms = seen["p50_ms"], seen["p99_ms"]
    if seen["delivered"]:
        result.cpu_us_per_delivery = seen["server_cpu"] * 1e6 / seen["delivered"]
    return result


def measure_page(design: str, server: Server, seconds: float) -> list[Result]:
    """Measures the room page and the view that does nothing."""
    session = server.sessions[f"{PAGE.key}-0"]
    results = []
    for name, path in ((PAGE.name, f"/rooms/{PAGE.key}_0/"), (NOTHING, "/favicon.ico")):
        pages: Pages = measure_pages(server, path, session, seconds)
        result = Result(design, name, pages.clients)
        result.requests_per_s = pages.answered / pages.seconds
        result.p50_ms, result.p99_ms = pages.p50_ms, pages.p99_ms
        result.server_cpu, result.generator_cpu = pages.server_cpu, pages.own_cpu
        result.errors = pages.wrong
        results.append(result)
    return results
