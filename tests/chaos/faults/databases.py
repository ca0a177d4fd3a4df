"""The database is restarted, locked, or full."""

import asyncio
import os
import signal
import sqlite3
import time
from pathlib import Path

import psycopg

from tests.chaos.fault import fault
from tests.chaos.place import Place, World

POSTGRES = World(database="postgres")
# Size in MiB of a file system for SQLite. Without root, no disk is filled.
SMALL = World(disk=24 if os.geteuid() == 0 else 0)


@fault(POSTGRES)
async def postgres_restarted(place: Place) -> None:
    """PostgreSQL closes all connections or crashes, and restarts."""
    assert place.postgres is not None
    for number in place.pick([signal.SIGINT, signal.SIGQUIT], [signal.SIGINT, signal.SIGQUIT] * 5):
        await asyncio.to_thread(place.postgres.end, number)
        await place.pause(0.1, place.pick(0.5, 5))
        await asyncio.to_thread(place.postgres.start)
        await place.pause(1)


@fault(POSTGRES)
async def room_locked(place: Place) -> None:
    """A long transaction holds a room's row lock."""
    began = time.monotonic()
    general = place.rooms["general"]
    with psycopg.connect(place.database.url) as connection:
        connection.execute("SELECT 1 FROM rooms_room WHERE id = %s FOR UPDATE", [general])
        await place.pause(place.pick(3, 20))
        waiting = [a for a in place.history.attempts.values() if a.began > began]
        acked = sum(a.ack is not None for a in waiting if a.room != general)
        others = sum(a.room != general for a in waiting)
        connection.rollback()
    place.note(f"meanwhile {acked} of {others} messages to other rooms were acked")


async def _locked(place: Place, seconds: float) -> None:
    path = place.database.url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        await place.pause(seconds)
        acked = [a for a in place.history.attempts.values() if a.ack and a.acked_at > began]
        place.note(f"{len(acked)} acks in {seconds:.0f} s")
    finally:
        connection.close()


@fault()
async def sqlite_locked(place: Place) -> None:
    """Another program holds SQLite's write lock for 3 s."""
    await _locked(place, 3)


@fault(only_full=True)
async def sqlite_locked_for_a_minute(place: Place) -> None:
    """Another program holds SQLite's write lock for 60 s."""
    await _locked(place, 60)


@fault(SMALL)
async def disk_full(place: Place) -> None:
    """The database's disk is full. This version has no uploads."""
    if not place.world.disk:
        place.note("skipped: a small file system needs root")
        return
    began, filler = time.monotonic(), place.site.folder / "filler"
    _fill(filler)
    await place.pause(place.pick(3, 20))
    refused = sum(a.began > began and not a.ack for a in place.history.attempts.values())
    place.note(f"{refused} waited for space")
    if not refused:
        place.history.wrong("the disk was never full: this fault tests nothing")
    filler.unlink()
    await place.pause(1)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue


@fault()
async def backup_restored(place: Place) -> None:
    """A backup is made while people write, and restored while they write."""
    file = place.site.folder / "backup.tar.gz"
    began = time.monotonic()
    for words in (["backup", str(file)], ["restore", "--yes", str(file)]):
        done = await asyncio.to_thread(place.site.manage, *words)
        if done.returncode:
            place.history.wrong(f"manage.py {words[0]}: {done.stdout} {done.stderr}")
        await place.pause(1)
    ended = time.monotonic()
    rows = {
        (said.author, said.cid)
        for room in place.database.read().rooms.values()
        for said in room.rows
    }
    for attempt in place.history.attempts.values():
        # The backup must contain everything acked before it began.
        if began < attempt.acked_at < ended and (attempt.user, attempt.cid) not in rows:
            attempt.of_another_life = True
    gone = sum(attempt.of_another_life for attempt in place.history.attempts.values())
    place.note(f"{gone} were acked after the backup and are gone")
    await place.until(lambda: all(client.open for client in place.clients), 10)
