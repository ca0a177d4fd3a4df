"""The chat itself as a design: `manage.py serve` with full durability."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count

from bench.designs import Server, Services, started
from tests.services import redis_server
from tests.site import Site

# A name and a range of numbers: `ada-0`, `ada-1` …
People = tuple[str, int, int]

# High enough that nobody is limited: this measures the server, not its rate limit.
NO_LIMIT = "1000000"


# Gives every round its own database.
_numbers = count(1)


@dataclass(frozen=True)
class Chat:
    name: str
    database: str
    rooms: Mapping[str, People]
    messages: int = 0  # in the first room
    processes: int = 1  # at most 8, all on one core

    @contextmanager
    def serve(self, services: Services) -> Iterator[Server]:
        environment = {
            "DEBUG": "off",
            "EMAIL_URL": "",
            "SEND_RATE": NO_LIMIT,
            "SEND_BURST": NO_LIMIT,
        }
        url = "sqlite:///FOLDER/chat.sqlite3"
        if self.database == "postgres":
            assert services.postgres is not None
            url = services.postgres.make_database(f"bench{next(_numbers)}")
        with ExitStack() as stack:
            redis = stack.enter_context(redis_server())
            environment["REDIS_URL"] = redis.url
            site = Site(url, environment, self.processes, "serve")
            stack.callback(site.close)
            site.manage("migrate", "-v", "0").check_returncode()
            rooms, sessions = site.run("bench.programs:make", self.rooms, self.messages)
            running = {}
            for port in site.ports:
                command = [sys.executable, "manage.py", "serve", "--port", port]
                pinned = services.cores.pinned(*command)
                running[port] = stack.enter_context(
                    started(pinned, site.environment, port, services.log)
                )
            (port, pid), *others = running.items()
            yield Server(
                "chat", "/ws/", port, pid, redis.process.pid, rooms, sessions, dict(others)
            )
