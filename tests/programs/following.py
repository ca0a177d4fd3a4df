"""Cursors of followers, and due rows."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from rooms.following import due
from rooms.models import Cursor, Due, Place


def restore_with_cursors_at(version: int) -> None:
    """As a restore does, with cursors of more than was said."""
    Cursor.objects.update(version=version)
    Place.new_epoch()


def schedule(rows: Mapping[str, float]) -> None:
    """What `doer` does in so many seconds, by key."""
    for key, seconds in rows.items():
        due.schedule("doer", key, timezone.now() + timedelta(seconds=seconds))


def change_plans() -> float:
    """Rows that are moved, cancelled, and cancelled in a transaction that fails.

    Returns the moment in which one of them is due after all.
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
