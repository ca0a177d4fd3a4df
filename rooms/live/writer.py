"""Group commit: all writes of the process's sockets, in few transactions.

While one transaction runs, further requests queue up, and then commit together. An idle process
commits at once, a busy one makes larger batches, and one fsync serves many messages.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.database.threads import keep
from rooms.following.runner import runner
from rooms.live.broadcast import Broadcaster, events_of
from rooms.live.epoch import Epoch
from rooms.log import batch as log

logger = logging.getLogger(__name__)

# Requests per transaction. A longer transaction costs more than an extra fsync.
MAX_BATCH = 200
# Limit of queued requests. Beyond it, requests are answered `unavailable` at once.
MAX_WAITING = 10_000
# Seconds that a client waits before it retries.
RETRY_AFTER = 1.0

Done = Callable[[log.Answer], None]


class Writer:
    """Writes on one thread, because SQLite allows one writer at a time."""

    def __init__(self, epoch: Epoch, broadcaster: Broadcaster) -> None:
        self._epoch, self._broadcaster = epoch, broadcaster
        self._waiting: deque[tuple[log.Request, Done]] = deque()
        self._alone = 0  # number of queued requests to write one by one
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def submit(self, request: log.Request, done: Done) -> None:
        """Queues `request`. Calls `done` with the answer, after COMMIT."""
        if len(self._waiting) >= MAX_WAITING:
            done(_unavailable(request))
            return
        self._waiting.append((request, done))
        if self._task is None:
            self._begin()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def drain(self) -> None:
        """Returns when all submitted requests are written and answered."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = 1 if self._alone else min(len(self._waiting), MAX_BATCH)
                self._alone = max(0, self._alone - 1)
                await self._write([self._waiting.popleft() for _ in range(size)])
        finally:
            self._task = None
            if self._waiting:
                # Something ended this task. Restart if requests are still queued.
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
            logger.exception("A batch of %d requests failed.", len(batch))
            if len(batch) > 1:
                # One request is bad. Retry each on its own, so that the others succeed.
                self._waiting.extendleft(reversed(batch))
                self._alone = len(batch)
                return
            commit = log.Commit([_unavailable(requests[0])])
        except asyncio.CancelledError:
            # The thread continues and may commit. A retry with the same cid finds out.
            self._answer(batch, [_unavailable(request) for request in requests])
            raise
        if not self._epoch.accepts(commit.epoch):
            # A backup was restored. The sockets are closing, and clients resend.
            return
        self._answer(batch, commit.answers)
        self._broadcaster.soon(events_of(commit))
        runner.wake()

    @staticmethod
    def _answer(batch: list[tuple[log.Request, Done]], answers: list[log.Answer]) -> None:
        for (_request, done), answer in zip(batch, answers, strict=True):
            try:
                done(answer)
            except Exception:
                logger.exception("Could not deliver an answer.")


def _commit(requests: list[log.Request]) -> log.Commit:
    keep()
    return log.commit(requests)


def _unavailable(request: log.Request) -> protocol.Error:
    detail = _("The server is busy. Try again in a moment.")
    return protocol.Error(request.command.ref, "unavailable", detail, RETRY_AFTER)
