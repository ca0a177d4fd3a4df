"""The open sockets of this process: whose they are, what they may do, how they end."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Protocol

from rooms import protocol


class Socket(Protocol):
    """What the rest of the chat knows of a socket."""

    person_id: int
    session_key: str | None
    rooms: set[int]

    def push(self, event: protocol.Event) -> None: ...
    def push_text(self, text: str) -> None: ...
    async def enter(self, room_id: int) -> None: ...
    async def exit(self, room_id: int) -> None: ...
    async def end(self, code: int) -> None: ...


class Sockets:
    """Every socket from its `hello` to its end."""

    def __init__(self) -> None:
        self._of: defaultdict[int, set[Socket]] = defaultdict(set)
        # The process ends: what comes in now is not answered, and so sent again elsewhere.
        self.ending = False

    def __iter__(self) -> Iterator[Socket]:
        return iter([socket for sockets in self._of.values() for socket in sockets])

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def add(self, socket: Socket) -> None:
        self._of[socket.person_id].add(socket)

    def remove(self, socket: Socket) -> None:
        self._of[socket.person_id].discard(socket)
        if not self._of[socket.person_id]:
            del self._of[socket.person_id]

    def users(self) -> list[int]:
        return list(self._of)

    def of(self, person_id: int) -> list[Socket]:
        return list(self._of.get(person_id, ()))

    def rooms(self) -> set[int]:
        """The rooms that somebody here is in."""
        return {
            room for sockets in self._of.values() for socket in sockets for room in socket.rooms
        }

    def in_room(self, room_id: int) -> list[Socket]:
        return [socket for socket in self if room_id in socket.rooms]


here = Sockets()
