"""Renders texts and finds their mentions before the rooms are locked."""

from collections.abc import Collection

from rooms.log import rendering, rows


class Texts:
    """HTML and mentions of texts, given as pairs of room and text. At most one query."""

    def __init__(self, texts: Collection[tuple[int, str]]) -> None:
        names = {text: rendering.mentioned(text) if "@" in text else set() for _, text in texts}
        wanted = {(room_id, name) for room_id, text in texts for name in names[text]}
        people = rows.named(wanted) if wanted else {}
        self._html: dict[tuple[int, str], str] = {}
        self._mentions: dict[tuple[int, str], list[int]] = {}
        for room_id, text in texts:
            here = people.get(room_id, {})
            self._html[room_id, text] = rendering.render(text, here)
            ids = {here[name] for name in names[text] if name in here}
            self._mentions[room_id, text] = sorted(ids)

    def html(self, room_id: int, text: str) -> str:
        return self._html[room_id, text]

    def mentions(self, room_id: int, text: str) -> list[int]:
        """Returns the ids of the people mentioned in the text, in order."""
        return self._mentions[room_id, text]
