"""Periodic work of a process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from django.db import DatabaseError, InterfaceError

logger = logging.getLogger(__name__)


async def repeat(what: str, work: Callable[[], Awaitable[None]], wait: Callable[[], float]) -> None:
    """Calls `work` every `wait()` seconds, forever. Failures are logged."""
    while True:
        await asyncio.sleep(wait())
        try:
            await work()
        except (DatabaseError, InterfaceError) as problem:
            logger.warning("%s failed and will be retried: %s", what, problem)
        except Exception:
            logger.exception("%s failed.", what)
