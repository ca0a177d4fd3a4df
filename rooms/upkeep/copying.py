"""A SQLite database as one file: copied while people write, checked, put back in one step.

Knows SQLite, and nothing of what is in the database.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

# Pages copied between two calls back. Smaller than any database that Django made.
STEP = 10
# Seconds for which `put` waits for somebody who is writing.
PATIENCE = 60
# What a step of SQLite's backup says when it went well and there is more to do.
SQLITE_OK = 0
SQLITE_DONE = 101


class Damaged(Exception):
    """No whole SQLite database; `str()` says what is wrong."""


class Busy(Exception):
    """Somebody else held the database for longer than PATIENCE."""


@contextmanager
def _damage_named() -> Iterator[None]:
    """SQLite's errors of a broken file become Damaged; others, like a full disk, pass."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        if problem.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise Damaged(str(problem)) from problem
        raise


def connect(path: Path) -> sqlite3.Connection:
    """In autocommit mode, to a file that must be there (OperationalError)."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def take(live: Path, copy: Path) -> None:
    """Copies the database as it is at one moment; whoever writes goes on meanwhile.

    VACUUM INTO is one read, which in WAL mode holds nobody. It leaves out the free pages, where
    text that was deleted may still lie. SQLite's backup in steps begins again with every write of
    another process, and under steady writing never ends.
    """
    copy.touch(mode=0o600, exist_ok=False)
    with closing(connect(live)) as connection, _damage_named():
        connection.execute("VACUUM INTO ?", (str(copy),))


def check(path: Path) -> None:
    """Reads everything in the database. Raises Damaged."""
    with closing(connect(path)) as connection, _damage_named():
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise Damaged("; ".join(" ".join(str(line).split()) for line in found))


def tables(path: Path) -> set[str]:
    """The names of its tables. Raises Damaged."""
    with closing(connect(path)) as connection, _damage_named():
        return {name for [name] in connection.execute("SELECT name FROM sqlite_master")}


def put(new: Path, live: Path, first: Callable[[], None]) -> None:
    """Replaces what is in `live` by what is in `new` in one transaction, whoever has it open.

    Everybody sees the one or the other, also after a power cut. `first` is called while writers
    are held, so that what it copies of `live` is what gets replaced. When it raises, or anything
    else fails, `live` stays as it was. Raises Busy, Damaged.
    """
    deadline = time.monotonic() + PATIENCE
    held = False

    def stepped(status: int, _remaining: int, _total: int) -> None:
        nonlocal held
        if status == SQLITE_OK and not held:
            # From the first step to the end the backup keeps its lock.
            held = True
            first()
        elif status not in (SQLITE_OK, SQLITE_DONE) and time.monotonic() > deadline:
            raise Busy

    live.touch(mode=0o600)
    with closing(connect(new)) as source, closing(connect(live)) as target, _damage_named():
        [pages] = source.execute("PRAGMA page_count").fetchone()
        assert pages > STEP, "the first step must not be the last"
        target.execute("PRAGMA journal_mode=WAL")
        target.execute("PRAGMA synchronous=FULL")
        source.backup(target, pages=STEP, progress=stepped, sleep=0.05)
        # The write-ahead log holds all of it now. Who still reads the old content keeps it long;
        # then it shrinks another time, since waiting for them would hold writers.
        target.execute("PRAGMA busy_timeout=500")
        with suppress(sqlite3.Error):
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
