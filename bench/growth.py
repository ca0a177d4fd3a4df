"""python -m bench.growth: how costs grow with the data. Writes bench/growth.json.

Uses one SQLite database in one process, without a server, and counts CPU time of the working
thread. For growing numbers of processes: CPU time of all of them, on one core, and of Redis, for a
message in a room of 96 people spread over them, saturated. With an exponent of 0 size does not
matter; with 1, twice the size costs twice as much.
"""

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

FOLDER = tempfile.TemporaryDirectory(prefix="chatsite-growth-")
os.environ |= {
    "DATA_DIR": FOLDER.name,
    "DATABASE_URL": f"sqlite:///{FOLDER.name}/chat.sqlite3",
    "DJANGO_SETTINGS_MODULE": "chatsite.settings",
    "SECRET_KEY": "of the benchmark, and of nothing else at all",
    "REDIS_URL": "",
    "DEBUG": "off",
}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench.designs import Cores, Services, compile_programs, make_log  # noqa: E402
from bench.product import Chat  # noqa: E402
from bench.workloads import Workload, measure  # noqa: E402
from rooms import protocol  # noqa: E402
from rooms.live import broadcast  # noqa: E402
from rooms.log import batch as log  # noqa: E402
from rooms.models import Membership, Person, Room  # noqa: E402
from rooms.reading import queries  # noqa: E402
from rooms.reading.query import Asker  # noqa: E402

BATCH, TIMES = 16, 60

FILL = """
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < %s)
    INSERT INTO rooms_message (room_id, seq, version, author_id, cid, digest, body, html,
      created_at)
    SELECT %s, n, n, %s, lower(hex(randomblob(16))), 'growth', 'words of a message ' || n,
      '<p>words of a message ' || n || '</p>', '2026-01-01 00:00:00' FROM number
"""


def a_room(name: str, members: int, messages: int) -> Room:
    room = Room.objects.create(slug=name, name=name, seq=messages, version=messages)
    people = Person.objects.order_by("pk")[:members]
    Membership.objects.bulk_create(
        [Membership(room=room, person=person, read_seq=messages) for person in people],
        batch_size=200,
    )
    if messages:
        with connection.cursor() as cursor:
            cursor.execute(FILL, [messages, room.pk, people[0].pk])
    return room


def cost(work: Callable[[], object]) -> float:
    """Microseconds of CPU: the median of TIMES."""
    took = []
    for _ in range(TIMES):
        began = time.thread_time()
        work()
        took.append((time.thread_time() - began) * 1e6)
    return median(took)


def writing(room: Room, user: int) -> Callable[[], object]:
    def write() -> None:
        sends = [protocol.Send(n, room.pk, uuid4(), f"words {n}") for n in range(BATCH)]
        done = log.commit([log.Request(user, send) for send in sends])
        broadcast.events_of(done)

    return write


def things(room: Room, user: int) -> dict[str, float]:
    """The cost of a message in a batch of 16, and of each read."""
    middle = room.seq // 2
    return {
        "message": cost(writing(room, user)) / BATCH,
        "page": cost(
            lambda: queries.HistoryQuery.answer(
                Asker(user), protocol.History(1, room.pk, before=middle)
            )
        ),
        "hello": cost(lambda: queries.hello(user)),
        "sync of 50": cost(
            lambda: queries.SyncQuery.answer(Asker(user), protocol.Sync(1, room.pk, room.seq - 50))
        ),
    }


def exponents(rows: list[tuple[int, dict[str, float]]]) -> dict[str, float]:
    """Slope on a log-log scale from the first to the last size."""
    (first, before), (last, after) = rows[0], rows[-1]
    span = math.log(last / first)
    return {name: round(math.log(after[name] / before[name]) / span, 2) for name in before}


ROOM = Workload("all96", "saturated, 96 in a room", "closed", 96, senders=4)


def processes() -> dict[str, Any]:
    """The cost of a message, summed over all processes."""
    compile_programs()
    cores = Cores.of_this_machine()
    os.sched_setaffinity(0, {cores.others})
    services = Services(cores, None, make_log())
    rows = []
    print(f"\n{'processes':>12}  " + "  ".join(f"{name:>12}" for name in ("servers", "redis")))  # noqa: T201
    for number in (1, 2, 4, 8):
        chat = Chat("chatsite", "sqlite", ROOM.rooms_and_people(), processes=number)
        with chat.serve(services) as server:
            seen = measure(chat.name, ROOM, server, cores, 5.0)
        assert seen.acked_per_s
        assert seen.server_cpu
        assert seen.redis_cpu is not None
        assert not seen.lost + seen.doubled + seen.reordered
        costs = {
            "servers": seen.server_cpu / seen.acked_per_s * 1e6,
            "redis": seen.redis_cpu / seen.acked_per_s * 1e6,
        }
        rows.append((number, costs))
        print(f"{number:>12}  " + "  ".join(f"{us:>9.0f} µs" for us in costs.values()))  # noqa: T201
    return {"rows": rows, "exponents": exponents(rows)}


def main() -> int:
    call_command("migrate", verbosity=0)
    persons = [Person(handle=f"u{n}", folded=f"u{n}") for n in range(10_000)]
    Person.objects.bulk_create(persons, batch_size=200)
    found = {}

    def measure(what: str, sizes: list[int], make: Callable[[int], tuple[Room, int]]) -> None:
        rows = [(size, things(*make(size))) for size in sizes]
        found[what] = {"rows": rows, "exponents": exponents(rows)}
        print(f"\n{what:>12}  " + "  ".join(f"{name:>12}" for name in rows[0][1]))  # noqa: T201
        for size, row in rows:
            print(f"{size:>12,}  " + "  ".join(f"{us:>9.0f} µs" for us in row.values()))  # noqa: T201
        slopes = found[what]["exponents"].values()  # type: ignore[attr-defined]
        print(f"{'exponent':>12}  " + "  ".join(f"{slope:>12}" for slope in slopes))  # noqa: T201

    measure(
        "members",
        [10, 100, 1_000, 10_000],
        lambda n: (a_room(f"members{n}", n, 200), persons[0].pk),
    )
    measure(
        "history",
        [1_000, 10_000, 100_000, 1_000_000],
        lambda n: (a_room(f"history{n}", 50, n), persons[1].pk),
    )
    alone = Person.objects.create(handle="alone").pk

    def more_rooms(n: int) -> tuple[Room, int]:
        """The same person in n rooms. All writes and reads are in the first."""
        if n == 1:
            room = a_room("many", 1, 200)
            Membership.objects.create(room=room, person_id=alone)
        for number in range(Room.objects.filter(memberships__person=alone).count(), n):
            room = Room.objects.create(slug=f"many{number}", name=f"many {number}")
            Membership.objects.create(room=room, person_id=alone)
        room = Room.objects.get(slug="many")
        return room, alone

    measure("rooms", [1, 10, 100, 1_000], more_rooms)
    found["processes"] = processes()
    Path(__file__).with_name("growth.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
