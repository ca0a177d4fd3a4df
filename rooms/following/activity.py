"""When each room was last talked in: what the directory sorts by."""

from collections.abc import Sequence

from django.db import connection

from rooms.following.follower import Changes, Follower

# From the rooms as they are now: the same result, whichever changes it is told of and how often.
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
    bite = 2**62  # it looks at rooms, however much was said in them

    def follow(self, changes: Sequence[Changes]) -> None:
        rooms = [change.room for change in changes]
        with connection.cursor() as cursor:
            cursor.execute(_LATEST.format(", ".join(["%s"] * len(rooms))), rooms)
