"""Followers' cursors, and due rows."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from rooms.following import due
from rooms.live import lifespan
from rooms.models import Activity, Cursor, Due, Place
from tests.programs import messages

# Seconds: more than a follower waits before its first look, and between two.
FOLLOWED_WITHIN = 10.0


def restore_with_cursors_at(version: int) -> None:
    """Simulates a restore, with cursors ahead of the log."""
    Cursor.objects.update(version=version)
    Place.new_epoch()


def schedule(rows: Mapping[str, float]) -> None:
    """Schedules work for `doer`: seconds from now, by key."""
    for key, seconds in rows.items():
        due.schedule("doer", key, timezone.now() + timedelta(seconds=seconds))


def change_plans() -> float:
    """Schedules rows and moves them, cancels them, and cancels one in a transaction that fails.

    Returns the time at which that one is still due.
    """
    soon = timezone.now() + timedelta(seconds=2)
    due.schedule("doer", "moved", timezone.now())
    due.schedule("doer", "never", soon)
    due.schedule("doer", "soon", soon)
    with transaction.atomic():
        due.schedule("doer", "moved", timezone.now() + timedelta(hours=1))
        due.cancel("doer", "never")
    try:
        with transaction.atomic():
            due.cancel("doer", "soon")
            due.schedule("doer", "undone", timezone.now())
            raise ValueError
    except ValueError:
        pass
    return soon.timestamp()


def try_again() -> None:
    due.try_again(Due.objects.all())


def serve_twice(author: int) -> list[int]:
    """What was followed after one thing was said in each of two lives of a server."""
    return asyncio.run(_serve_twice(author))


async def _serve_twice(author: int) -> list[int]:
    followed = []
    for body in ("one", "two"):
        events: asyncio.Queue[dict] = asyncio.Queue()
        answers: asyncio.Queue[dict] = asyncio.Queue()
        serving = asyncio.create_task(lifespan.application({}, events.get, answers.put))
        await events.put({"type": "lifespan.startup"})
        await answers.get()
        version = await asyncio.to_thread(messages.say_together, author, [body])
        with suppress(TimeoutError):
            async with asyncio.timeout(FOLLOWED_WITHIN):
                while await asyncio.to_thread(_followed) < version:
                    await asyncio.sleep(0.05)
        followed.append(await asyncio.to_thread(_followed))
        await events.put({"type": "lifespan.shutdown"})
        await serving
    return followed


def _followed() -> int:
    return Activity.objects.aggregate(last=Max("seq"))["last"] or 0
