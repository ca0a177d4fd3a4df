"""The designs under test. Each is one server process on one core."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.services import Postgres, answers, free_port, redis_server, wait_until

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILD = BENCH / ".build"
PYTHON = BENCH / ".venv/bin/python"
DAPHNE = Path(sys.executable).with_name("daphne")

Protocol = Literal["chat", "plain", "socketio"]


@dataclass(frozen=True)
class Cores:
    """The server runs alone on one core, everything that serves or watches it on another."""

    server: int
    others: int

    @staticmethod
    def of_this_machine() -> "Cores":
        cores = sorted(os.sched_getaffinity(0))
        return Cores(cores[0], cores[-1])

    def pinned(self, *command: object) -> list[str]:
        return ["taskset", "-c", str(self.server), *map(str, command)]


@dataclass(frozen=True)
class Services:
    """The services that servers use."""

    cores: Cores
    postgres: Postgres | None
    log: Path


@dataclass(frozen=True)
class Server:
    """A running server."""

    protocol: Protocol
    path: str  # of a room's socket, in printf style
    port: int
    pid: int
    redis: int  # the process of its own Redis, so that servers do not share channels
    # For the chat: room ids by slug and session keys by handle.
    rooms: Mapping[str, int] = field(default_factory=dict)
    sessions: Mapping[str, str] = field(default_factory=dict)
    # Further processes of the same site: ids by port.
    others: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """Another design. All of them relay a message to everybody in its room."""

    name: str
    command: tuple[object, ...]  # PORT is replaced by the port
    protocol: Protocol = "plain"
    path: str = "/ws/chat/%s/"
    environment: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def serve(self, services: Services) -> Iterator[Server]:
        port = free_port()
        command = [str(port) if word == "PORT" else word for word in self.command]
        environment = {
            **os.environ,
            "PORT": str(port),
            "PYTHONPATH": str(ROOT),
            **self.environment,
        }
        pinned = services.cores.pinned(*command)
        with redis_server() as redis:
            environment["REDIS_URL"] = redis.url
            with started(pinned, environment, port, services.log) as pid:
                yield Server(self.protocol, self.path, port, pid, redis.process.pid)


@contextmanager
def started(
    command: list[str], environment: Mapping[str, str], port: int, log: Path
) -> Iterator[int]:
    """Yields the id of a process that listens on `port`. Ends the process with the context."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=ROOT, stdout=output, stderr=output
        )
    try:
        wait_until(lambda: process.poll() is not None or answers(port), command[3], 60)
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(command)} ended; see {log}")
        yield process.pid
    finally:
        process.kill()
        process.wait(20)


def tutorial(name: str, layer: str) -> Peer:
    command = (DAPHNE, "-v", "0", "-p", "PORT", "bench.peers.tutorial:application")
    return Peer(name, command, environment={"LAYER": layer})


PEERS = [
    tutorial("Channels tutorial, core layer", "channels_redis.core.RedisChannelLayer"),
    tutorial("Channels tutorial, pub/sub layer", "channels_redis.pubsub.RedisPubSubChannelLayer"),
    Peer("aiohttp + redis, a subscription each", (PYTHON, BENCH / "peers/aiohttp_each.py")),
    Peer("aiohttp + redis, fan-out", (PYTHON, BENCH / "peers/aiohttp_fanout.py")),
    Peer(
        "socket.io + redis adapter",
        ("node", BENCH / "peers/socketio.js"),
        "socketio",
        "/socket.io/?EIO=4&transport=websocket&room=%s",
    ),
    Peer("ws + redis", ("node", BENCH / "peers/ws.js")),
    Peer("bound: C, a write for each frame", (BUILD / "bound", "PORT", "each")),
    Peer("bound: C, joined writes", (BUILD / "bound", "PORT", "joined")),
]


def compile_programs() -> None:
    """Raises CalledProcessError."""
    if shutil.which("cc") is None:
        sys.exit("cc is missing: as root on Debian `apt-get install gcc libc6-dev`.")
    BUILD.mkdir(exist_ok=True)
    for source in (BENCH / "load.c", BENCH / "peers/bound.c"):
        target = BUILD / source.stem
        subprocess.run(["cc", "-O2", "-o", str(target), str(source)], check=True)


def make_log() -> Path:
    """Returns the file for the servers' output."""
    return Path(tempfile.mkdtemp(prefix="chatsite-bench-")) / "servers.log"
