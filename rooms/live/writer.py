"""Group commit: what all sockets of a process want written, in as few transactions as can be.

While one transaction runs the next requests gather; then they go together. An idle process
commits at once, a busy one makes larger batches, and one fsync serves many messages.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rooms import protocol
from rooms.database.threads import keep
from rooms.following.runner import runner
from rooms.live.broadcast import Broadcaster, events_of
from rooms.live.repair import repair
from rooms.log import batch as log

logger = logging.getLogger(__name__)

# Of one transaction: beyond this its length hurts more than another fsync.
MAX_BATCH = 200
# Waiting for the database; more are answered `unavailable` at once.
MAX_WAITING = 10_000
# What a client waits before it tries again, in seconds.
RETRY_AFTER = 1.0
# Seconds for which the end of the process waits for the channel layer.
TELL_WITHIN = 2.0

Done = Callable[[log.Answer], None]


class Writer:
    """One per process. SQLite takes one writer at a time, so there is one thread."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[log.Request, Done]] = deque()
        self._alone = 0  # of those that wait, so many are written one by one
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self.broadcaster = Broadcaster()

    def submit(self, request: log.Request, done: Done) -> None:
        """Has `request` written; calls `done` with the answer, after COMMIT."""
        if len(self._waiting) >= MAX_WAITING:
            done(_unavailable(request))
            return
        self._waiting.append((request, done))
        if self._task is None:
            self._begin()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def drain(self) -> None:
        """Returns when everything that was submitted is written, answered and told."""
        while self._task is not None:
            await asyncio.wait([self._task])
        await self.broadcaster.drain(TELL_WITHIN)

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = 1 if self._alone else min(len(self._waiting), MAX_BATCH)
                self._alone = max(0, self._alone - 1)
                await self._write([self._waiting.popleft() for _ in range(size)])
        finally:
            self._task = None
            if self._waiting:
                # Whatever ended this task, what waits shall not wait for the next request.
                self._begin()

    async def _write(self, batch: list[tuple[log.Request, Done]]) -> None:
        requests = [request for request, _done in batch]
        loop = asyncio.get_running_loop()
        try:
            commit = await loop.run_in_executor(self._thread, _commit, requests)
        except log.Unavailable as problem:
            logger.warning("Nothing was written: %s", problem.__cause__)
            commit = log.Commit([_unavailable(request) for request in requests])
        except Exception:
            logger.exception("A batch of %d failed.", len(batch))
            if len(batch) > 1:
                # Whatever is wrong with one of them shall not be refused to all.
                self._waiting.extendleft(reversed(batch))
                self._alone = len(batch)
                return
            commit = log.Commit([_unavailable(requests[0])])
        except asyncio.CancelledError:
            # The thread goes on, and perhaps commits: who asks again with the cid learns it.
            self._answer(batch, [_unavailable(request) for request in requests])
            raise
        if not repair.lives_in(commit.epoch):
            # A restored backup took the place of what these sockets know: they come again.
            return
        self._answer(batch, commit.answers)
        self.broadcaster.soon(events_of(commit))
        runner.wake()

    @staticmethod
    def _answer(batch: list[tuple[log.Request, Done]], answers: list[log.Answer]) -> None:
        for (_request, done), answer in zip(batch, answers, strict=True):
            try:
                done(answer)
            except Exception:
                logger.exception("An answer could not be given.")


def _commit(requests: list[log.Request]) -> log.Commit:
    keep()
    return log.commit(requests)


def _unavailable(request: log.Request) -> protocol.Error:
    detail = "The database is busy or away. Try again."
    return protocol.Error(request.command.ref, "unavailable", detail, RETRY_AFTER)


writer = Writer()
