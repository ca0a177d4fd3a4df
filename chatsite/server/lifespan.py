"""The ASGI lifespan protocol, which daphne does not support."""

import asyncio
import logging
from typing import Any

logger = logging.getLogger(__name__)


class Lifespan:
    """Notifies the application of startup and shutdown."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._events: asyncio.Queue[dict] = asyncio.Queue()
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._events.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.ensure_future(self._run())

    async def stop(self, seconds: float) -> None:
        """Returns when the application has finished its work, or after `seconds`."""
        self._events.put_nowait({"type": "lifespan.shutdown"})
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            logger.warning("The application did not finish its work within %s s.", seconds)

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        try:
            await self._application(scope, self._events.get, self._send)
        except Exception:
            logger.exception("The application failed to start or to shut down.")
        finally:
            self._stopped.set()

    async def _send(self, message: dict) -> None:
        if message["type"] in {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}:
            self._stopped.set()
