"""Keeps the time of each room's latest message; the directory sorts by it."""

from collections.abc import Sequence

from django.db import connection

from rooms.following.follower import Changes, Follower

# Reads the current rooms, so the result does not depend on the changes or how often they come.
_LATEST = """
    INSERT INTO rooms_activity (room_id, seq, at)
    SELECT room.id, room.seq, message.created_at
    FROM rooms_room room
    JOIN rooms_message message ON message.room_id = room.id AND message.seq = room.seq
    WHERE room.id IN ({})
    ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, at = excluded.at
    WHERE rooms_activity.seq < excluded.seq
"""


class ActivityFollower(Follower):
    name = "rooms.activity"
    every = 2.0
    bite = 2**62  # it only needs the rooms, not the number of changes

    def follow(self, changes: Sequence[Changes]) -> None:
        rooms = [change.room for change in changes]
        with connection.cursor() as cursor:
            cursor.execute(_LATEST.format(", ".join(["%s"] * len(rooms))), rooms)
