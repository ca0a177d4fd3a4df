"""A SQLite database as one file: copied while people write, checked, replaced atomically.

This module knows SQLite, but not the content of the database.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

# Pages copied between two callbacks. Smaller than any Django database.
STEP = 10
# Seconds that `put` waits for another writer.
PATIENCE = 60
# The status of SQLite's backup after a successful step with more to do.
SQLITE_OK = 0
SQLITE_DONE = 101


class Damaged(Exception):
    """Not a complete SQLite database; `str()` says what is wrong."""


class Busy(Exception):
    """Another connection held the database for longer than PATIENCE."""


@contextmanager
def _damage_named() -> Iterator[None]:
    """Raises SQLite's errors about a broken file as Damaged; others, like a full disk, pass."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        if problem.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise Damaged(str(problem)) from problem
        raise


def connect(path: Path) -> sqlite3.Connection:
    """Connects in autocommit mode. The file must exist (OperationalError)."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def take(live: Path, copy: Path) -> None:
    """Copies a snapshot of the database. Writers are not blocked.

    VACUUM INTO is one read, which blocks nobody in WAL mode. It leaves out free pages, which may
    still contain deleted text. SQLite's stepwise backup starts over at every write of another
    process, and never ends under steady writing.
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
    """Returns the table names. Raises Damaged."""
    with closing(connect(path)) as connection, _damage_named():
        return {name for [name] in connection.execute("SELECT name FROM sqlite_master")}


def put(new: Path, live: Path, first: Callable[[], None]) -> None:
    """Replaces the content of `live` with that of `new` in one transaction.

    Other connections may be open. They see the old or the new content, also after a power cut.
    `first` is called while writers are blocked, so that it can copy the content being replaced. If
    it raises, or anything else fails, `live` stays unchanged. Raises Busy, Damaged.
    """
    deadline = time.monotonic() + PATIENCE
    held = False

    def stepped(status: int, _remaining: int, _total: int) -> None:
        nonlocal held
        if status == SQLITE_OK and not held:
            # The backup keeps its lock from the first step to the end.
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
        # The write-ahead log now holds the whole database, and cannot shrink while somebody still
        # reads the old content. Don't wait long for readers: that would block writers.
        target.execute("PRAGMA busy_timeout=500")
        with suppress(sqlite3.Error):
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
