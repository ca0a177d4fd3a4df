"""Runs all followers and handlers in the serving process, on its own threads.

One thread polls once a second, with one statement, for rooms that moved in any process, due rows
and free leases; a few worker threads do the work. Nothing here uses the event loop, so handlers
may block.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from rooms import capability
from rooms.conf import conf
from rooms.database.statements import fetch
from rooms.database.threads import keep
from rooms.following import cursor, due, lease
from rooms.following.follower import Changes, Follower, Handler

logger = logging.getLogger(__name__)

# Seconds between two polls.
LOOK = 1.0
# Seconds from a commit of this process to the poll that it triggers, to collect further commits.
GATHER = 0.1
# The share of a lease's time after which it is renewed.
RENEW_AT = 0.4
# Worker threads. A handler that waits for a network does not block the others.
WORKERS = 3
# Seconds to wait for running work on shutdown.
FINISH_WITHIN = 2.0
# Seconds until a follower's failed room is retried; doubles each time.
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0


class Heads(NamedTuple):
    """Differs from earlier heads if anything changed in any room."""

    epoch: str
    versions: int  # sum over all rooms


class Seen(NamedTuple):
    """The result of a poll."""

    heads: Heads
    due: set[str]  # kinds of rows
    free: set[str]  # leases


_LOOK = """
    SELECT 'heads', CAST(epoch AS VARCHAR(36)),
      CAST((SELECT COALESCE(SUM(version), 0) FROM rooms_room) AS BIGINT)
    FROM rooms_place WHERE id = 1
    UNION ALL SELECT DISTINCT 'due', kind, 0 FROM rooms_due WHERE due_at <= {clock}
    UNION ALL SELECT 'free', name, 0 FROM rooms_lease WHERE until <= {clock}
"""


def look() -> Seen:
    found: dict[str, set[str]] = {"due": set(), "free": set()}
    heads = Heads("", 0)
    for what, name, number in fetch(_LOOK.format(clock=lease.clock())):
        if what == "heads":
            heads = Heads(str(UUID(name)), number)
        else:
            found[what].add(name)
    return Seen(heads, found["due"], found["free"])


@dataclass(slots=True)
class Trouble:
    """The retry state of a room that a follower failed in."""

    failures: int = 0
    not_before: float = 0.0

    def again(self) -> float:
        """Counts a failure. Returns the seconds until the next try."""
        wait = min(LONGEST_RETRY, FIRST_RETRY * 2**self.failures)
        self.failures += 1
        self.not_before = time.monotonic() + wait
        return wait


@dataclass(slots=True)
class Job:
    """A follower or handler in this process."""

    task: Follower | Handler
    running: bool = False
    not_before: float = 0.0
    followed: Heads | None = None
    trouble: dict[int, Trouble] = field(default_factory=dict)  # by room

    def wanted(self, seen: Seen) -> bool:
        if isinstance(self.task, Handler):
            return self.task.name in seen.due
        return self.followed != seen.heads

    def ready(self, room: int) -> bool:
        """Whether a follower may continue in the room."""
        return room not in self.trouble or self.trouble[room].not_before <= time.monotonic()


class Runner:
    """One per process. `wake` may be called from any thread."""

    def __init__(self, collect: Callable[[], Iterable[Follower | Handler]]) -> None:
        self._collect = collect
        self._id = uuid4()
        self._jobs: dict[str, Job] = {}
        self._held: set[str] = set()
        self._held_until = self._renew_at = 0.0
        self._epoch: str | None = None
        self._prompt = False  # a follower wants to run before the next regular poll
        self._stopping = False
        self._news = threading.Event()
        self._queue: SimpleQueue[tuple[Job, Heads] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Called at the process's startup, or for its first socket."""
        if self._thread is None:
            self._jobs = {task.name: Job(task) for task in self._collect()}
            # Daemons: work that is unfinished when the process ends runs again in another one.
            self._thread = threading.Thread(target=self._run, name="followers", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stops after the running work, within a few seconds."""
        self._stopping = True
        self._news.set()
        if self._thread is not None:
            self._thread.join(FINISH_WITHIN + LOOK)

    def wake(self) -> None:
        """Called after a commit of this process."""
        if self._prompt:
            self._news.set()

    # Polling

    def _run(self) -> None:
        workers = [
            threading.Thread(target=self._work, name=f"follower-{n}", daemon=True)
            for n in range(WORKERS)
        ]
        for worker in workers:
            worker.start()
        while not self._stopping:
            next_look = LOOK
            try:
                keep()
                next_look = self._look()
            except (OperationalError, InterfaceError) as problem:
                logger.warning("Followers cannot poll the database: %s", problem)
            except Exception:
                logger.exception("Polling for followers failed.")
            if self._news.wait(next_look):
                time.sleep(GATHER)
                self._news.clear()
        self._end(workers)

    def _look(self) -> float:
        """Polls, and queues the work found. Returns the seconds until the next poll."""
        began = time.monotonic()
        seen = look()
        if seen.heads.epoch != self._epoch:
            # Also needed after a restore: the backup may not know some of them.
            for job in self._jobs.values():
                cursor.register(job.task)
            cursor.put_right()
            self._epoch = seen.heads.epoch
            seen = look()
        if began >= self._renew_at or seen.free & self._jobs.keys():
            self._hold(began)
        next_look = LOOK
        for job in (self._jobs[name] for name in self._held):
            if job.running or not job.wanted(seen):
                continue
            if (wait := job.not_before - time.monotonic()) > 0:
                next_look = min(next_look, wait)
                continue
            job.running = True
            self._queue.put((job, seen.heads))
        return next_look

    def _hold(self, began: float) -> None:
        self._held = lease.hold(self._jobs.keys(), self._id)
        self._held_until = began + conf.LEASE
        self._renew_at = began + conf.LEASE * RENEW_AT if self._held else float("inf")
        tasks = [self._jobs[name].task for name in self._held]
        self._prompt = any(isinstance(task, Follower) and task.every < LOOK for task in tasks)

    def _may_go_on(self, name: str) -> bool:
        return not self._stopping and name in self._held and time.monotonic() < self._held_until

    def _end(self, workers: Sequence[threading.Thread]) -> None:
        deadline = time.monotonic() + FINISH_WITHIN
        for _worker in workers:
            self._queue.put(None)
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        ended = [name for name in self._held if not self._jobs[name].running]
        try:
            if ended:
                lease.give_back(ended, self._id)
        except (DatabaseError, InterfaceError) as problem:
            logger.warning("Could not release leases, which will expire: %s", problem)
        connection.close()

    # Working

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            job, heads = work
            try:
                keep()
                if isinstance(job.task, Follower):
                    self._follow(job, job.task, heads)
                else:
                    self._handle(job.task, heads.epoch)
            except lease.Lost:
                logger.info("%s runs in another process now.", job.task.name)
            except (OperationalError, InterfaceError) as problem:
                logger.warning("%s cannot continue: %s", job.task.name, problem)
            except Exception:
                logger.exception("%s failed.", job.task.name)
            finally:
                job.running = False
        connection.close()

    def _follow(self, job: Job, follower: Follower, heads: Heads) -> None:
        job.not_before = time.monotonic() + follower.every
        more = True
        while more:
            behind = cursor.behind(follower)
            rooms = {change.room for change in behind}
            job.trouble = {room: t for room, t in job.trouble.items() if room in rooms}
            changes = [change for change in behind if job.ready(change.room)]
            for start in range(0, len(changes), cursor.ROOMS_A_BITE):
                if not self._may_go_on(follower.name):
                    return
                bite = changes[start : start + cursor.ROOMS_A_BITE]
                self._take(job, follower, bite, heads.epoch)
            # A room with the maximum number of changes may have more.
            full = [change for change in changes if change.to - change.after == follower.bite]
            more = any(change.room not in job.trouble for change in full)
        job.followed = None if job.trouble else heads

    def _take(self, job: Job, follower: Follower, bite: list[Changes], epoch: str) -> None:
        try:
            follower.follow(bite)
        except (OperationalError, InterfaceError):
            raise  # the database is down, for all rooms
        except Exception:
            if len(bite) > 1:
                for change in bite:
                    self._take(job, follower, [change], epoch)
                return
            wait = job.trouble.setdefault(bite[0].room, Trouble()).again()
            logger.exception("%s failed: %s, retrying in %.0f s.", follower.name, bite[0], wait)
            return
        cursor.move(follower.name, bite, self._id, epoch)
        for change in bite:
            job.trouble.pop(change.room, None)

    def _handle(self, handler: Handler, epoch: str) -> None:
        while self._may_go_on(handler.name) and (row := due.claim(handler, self._id, epoch)):
            try:
                handler.run(row)
            except Exception as problem:
                logger.warning(
                    "%s %s: try %d failed.", handler.name, row.key, row.tries, exc_info=True
                )
                error = f"{type(problem).__name__}: {problem}"
                due.failed(handler, row, error, self._id, epoch)
            else:
                due.done(handler, row, self._id, epoch)


def collect() -> Iterable[Follower | Handler]:
    """Returns the followers and handlers of all capabilities."""
    return [task() for task in capability.all_of("followers")]


runner = Runner(collect)
