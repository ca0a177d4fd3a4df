"""The people mentioned in a message."""

from collections.abc import Collection

from rooms.database.statements import fetch, listed
from rooms.reading.parts import Part

_MENTIONS = """
    SELECT message_id, person_id FROM rooms_mention
    WHERE message_id IN ({ids}) ORDER BY person_id
"""


class Mentions(Part[list[int]]):
    """The ids of the people mentioned, in order."""

    field = "mentions"
    bit = 2
    type = list[int]
    table = "rooms_mention"

    @classmethod
    def load(cls, ids: Collection[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for message_id, person_id in fetch(_MENTIONS.format(ids=listed(ids))):
            found.setdefault(message_id, []).append(person_id)
        return found
