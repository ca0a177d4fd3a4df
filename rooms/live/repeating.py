"""Work that a process does again and again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from django.db import DatabaseError, InterfaceError

logger = logging.getLogger(__name__)


async def repeat(what: str, work: Callable[[], Awaitable[None]], wait: Callable[[], float]) -> None:
    """Does `work` every `wait()` seconds, for ever. A failure is logged."""
    while True:
        await asyncio.sleep(wait())
        try:
            await work()
        except (DatabaseError, InterfaceError) as problem:
            logger.warning("%s has to wait: %s", what, problem)
        except Exception:
            logger.exception("%s failed.", what)
