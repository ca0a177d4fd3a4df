"""How far each follower has got in each room."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction

from rooms.database.statements import fetch
from rooms.following import lease
from rooms.following.follower import Changes, Follower, Handler
from rooms.models import Cursor, Lease, Room

# Rooms per call of a follower.
ROOMS_A_BITE = 100


_BEHIND = """
    SELECT room.id, COALESCE(place.version, 0), room.version
    FROM rooms_room room
    LEFT JOIN rooms_cursor place ON place.room_id = room.id AND place.follower = %s
    WHERE room.version > COALESCE(place.version, 0)
    ORDER BY room.id
"""


def behind(follower: Follower) -> list[Changes]:
    """Returns the next changes of every room that moved."""
    return [
        Changes(room, version, min(head, version + follower.bite))
        for room, version, head in fetch(_BEHIND, [follower.name])
    ]


def move(follower: str, changes: Iterable[Changes], holder: UUID, epoch: str) -> None:
    """Moves the cursors past these changes. Raises lease.Lost."""
    cursors = [Cursor(follower=follower, room_id=c.room, version=c.to) for c in changes]
    with lease.held(follower, holder, epoch):
        _write(cursors)


def _write(cursors: Sequence[Cursor]) -> None:
    Cursor.objects.bulk_create(
        cursors,
        update_conflicts=True,
        unique_fields=["room", "follower"],
        update_fields=["version"],
    )


def register(task: Follower | Handler) -> None:
    """Creates the lease of a new follower or handler, and the follower's first cursors."""
    with transaction.atomic():
        _lease, new = Lease.objects.get_or_create(name=task.name)
        if new and isinstance(task, Follower) and not task.from_the_beginning:
            rooms = Room.objects.order_by().values_list("pk", "version")
            _write([Cursor(follower=task.name, room_id=r, version=v) for r, v in rooms])


_PUT_RIGHT = """
    UPDATE rooms_cursor SET version = room.version
    FROM rooms_room room
    WHERE room.id = rooms_cursor.room_id AND rooms_cursor.version > room.version
"""


def put_right() -> None:
    """Resets cursors that are ahead after a restore. They would miss the next changes."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_RIGHT)
