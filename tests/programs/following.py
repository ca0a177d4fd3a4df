"""Followers' cursors, and due rows."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from rooms.following import due
from rooms.models import Cursor, Due, Place


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
