"""The versions of the rooms here: those sent to the sockets, and those in the database."""

from collections.abc import Mapping


class Heads:
    def __init__(self) -> None:
        self._told: dict[int, int] = {}  # by room: everything up to this version was sent here
        self._early: dict[int, list[tuple[int, int]]] = {}  # sent, but after a hole
        self._stored: Mapping[int, int] = {}  # versions at the last read of the database

    def entered(self, room: int, version: int) -> None:
        """A socket that knows the room up to this version has entered its group."""
        self._told.setdefault(room, version)

    def told(self, room: int, start: int, end: int) -> None:
        """The sockets here got the changes after `start`, up to `end`."""
        if room not in self._told:
            return
        if start > self._told[room]:
            self._early.setdefault(room, []).append((start, end))
            return
        self._told[room] = max(self._told[room], end)
        for early in sorted(self._early.pop(room, ())):
            self.told(room, *early)

    def skipped(self, room: int, version: int) -> None:
        """Clients fetch the changes before this version themselves."""
        if room in self._told:
            self._told[room] = max(self._told[room], version)

    def stored(self, versions: Mapping[int, int]) -> None:
        """Stores the versions in the database."""
        self._stored = versions

    def behind(self, room: int, version: int) -> int | None:
        """The version up to which everything was sent, if that is less than `version`."""
        told = self._told.get(room, version)
        return told if told < version else None

    def of(self, rooms: set[int]) -> dict[str, int]:
        """The newest known version of each room, for `pong`."""
        return {
            str(room): max(self._told[room], self._stored.get(room, 0))
            for room in rooms
            if room in self._told
        }

    def keep_only(self, rooms: set[int]) -> None:
        for gone in self._told.keys() - rooms:
            del self._told[gone]
            self._early.pop(gone, None)

    def clear(self) -> None:
        self._told.clear()
        self._early.clear()
        self._stored = {}
