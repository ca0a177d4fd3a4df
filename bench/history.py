"""Server time of reads with a million messages: history, permalink, hello, catching up.

    python -m bench.history                     seeds SQLite and PostgreSQL and measures both
        python -m bench.history --messages 50000    fewer messages
            python -m bench.history --database URL …    databases filled by `manage.py seed_demo`

Measures the work of a socket's reader for one command: the permission check, the queries, and
the text frame. Wall time includes the database and other load on the machine; CPU time is
that of the reading thread alone. Writes bench/history.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from tests.services import postgres_cluster

BENCH = Path(__file__).resolve().parent
RESULTS = BENCH / "history.json"
# Rooms with fewer messages are too shallow.
DEEP = 2000
WARM = 20
COLUMNS = ("database", "operation", "p50_ms", "p99_ms", "cpu_p50_ms", "cpu_p99_ms", "kb")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=300, help="number of runs of each operation")
    parser.add_argument(
        "--database", nargs="*", metavar="URL", help="databases that are already filled"
    )
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        json.dump(list(measured(options.runs)), sys.stdout)
        return
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if options.database:
            urls = options.database
        else:
            postgres = stack.enter_context(postgres_cluster())
            urls = [f"sqlite:///{folder}/chat.sqlite3", postgres.make_database("history")]
        for url in urls:
            environment = {
                **os.environ,
                "DATA_DIR": folder,
                "DATABASE_URL": url,
                "DJANGO_SETTINGS_MODULE": "chatsite.settings",
            }
            if not options.database:
                run(environment, "manage.py", "migrate", "-v0")
                run(environment, "manage.py", "seed_demo", "--messages", str(options.messages))
            told = run(environment, "-m", "bench.history", "--measure", "--runs", str(options.runs))
            rows += json.loads(told)
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    print(table(rows))  # noqa: T201


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        COLUMNS,
        ["---"] * len(COLUMNS),
        *([row[column] for column in COLUMNS] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=BENCH.parent,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def measured(runs: int) -> Iterator[dict[str, Any]]:
    """Yields a row for each operation, measured in this process."""
    import django

    django.setup()
    from django.db import connection

    from rooms import protocol
    from rooms.models import Membership, Message, Room
    from rooms.reading import queries
    from rooms.reading.query import Asker

    [person_id] = Membership.objects.filter(room=1, role="owner").values_list("person", flat=True)
    rooms = list(Room.objects.filter(seq__gte=DEEP, memberships__person=person_id))
    rng = Random(1)

    def page(**anchor: Callable[[Room], int]) -> protocol.Event:
        room = rng.choice(rooms)
        where = {name: seq(room) for name, seq in anchor.items()}
        return queries.HistoryQuery.answer(Asker(person_id), protocol.History(1, room.pk, **where))

    def deep(room: Room) -> int:
        return rng.randint(1, room.seq)

    def sync() -> protocol.Event:
        room = rng.choice(rooms)
        behind = room.version - protocol.MAX_BEHIND
        return queries.SyncQuery.answer(Asker(person_id), protocol.Sync(1, room.pk, behind))

    operations: dict[str, Callable[[], protocol.Event]] = {
        "history, latest 50": page,
        "history, 50 before": lambda: page(before=deep),
        "history, 50 after": lambda: page(after=deep),
        "history, 200 before": lambda: page(before=deep, limit=lambda room: 200),
        "permalink, 50 around": lambda: page(around=deep),
        f"hello, {len(queries.room_ids(person_id))} rooms": lambda: queries.hello(person_id),
        "sync, 500 changes": sync,
    }
    messages = Message.objects.count()
    for name, operation in operations.items():
        walls, cpus, sizes = [], [], []
        for number in range(-WARM, runs):
            wall, cpu = time.perf_counter(), time.thread_time()
            text = protocol.encode(operation())
            cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
            if number >= 0:
                walls.append(wall * 1000)
                cpus.append(cpu * 1000)
                sizes.append(len(text.encode()) / 1000)
        yield {
            "database": connection.display_name,
            "messages": messages,
            "operation": name,
            "runs": runs,
            "p50_ms": percentile(walls, 50),
            "p99_ms": percentile(walls, 99),
            "cpu_p50_ms": percentile(cpus, 50),
            "cpu_p99_ms": percentile(cpus, 99),
            "kb": percentile(sizes, 50),
            # Of the whole machine in the last minute. Other load stretches wall time.
            "load": round(os.getloadavg()[0], 1),
        }


def percentile(values: list[float], percent: int) -> float:
    return round(sorted(values)[len(values) * percent // 100], 2)


if __name__ == "__main__":
    main()
