"""The reactions of messages."""

from collections.abc import Collection, Iterable

from rooms.database.statements import fetch, listed
from rooms.protocol import ReactionState
from rooms.reading.parts import Part

# Lists the ids. With a range, PostgreSQL overestimates the page tenfold and scans the whole table.
_REACTIONS = """
    SELECT message_id, emoji, person_id FROM rooms_reaction
    WHERE message_id IN ({ids}) ORDER BY id
"""


class Reactions(Part[list[ReactionState]]):
    field = "reactions"
    bit = 1
    type = list[ReactionState]
    table = "rooms_reaction"

    @classmethod
    def load(cls, ids: Collection[int]) -> dict[int, list[ReactionState]]:
        found: dict[int, list[tuple[str, int]]] = {}
        for message_id, emoji, person_id in fetch(_REACTIONS.format(ids=listed(ids))):
            found.setdefault(message_id, []).append((emoji, person_id))
        return {id: by_emoji(reactions) for id, reactions in found.items()}


def by_emoji(reactions: Iterable[tuple[str, int]]) -> list[ReactionState]:
    """Groups pairs of emoji and person, oldest first, for the wire."""
    people: dict[str, list[int]] = {}
    for emoji, person_id in reactions:
        people.setdefault(emoji, []).append(person_id)
    return [ReactionState(emoji, ids) for emoji, ids in people.items()]
