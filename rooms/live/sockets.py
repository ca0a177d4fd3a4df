"""The open sockets of this process."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Protocol

from rooms import protocol
from rooms.live.outbound import Outbound


class Socket(Protocol):
    """The rest of the chat sees a socket through this interface."""

    person_id: int
    session_key: str | None
    rooms: set[int]
    channel_name: str
    outbound: Outbound

    def push(self, event: protocol.Event) -> None: ...
    async def end(self, code: int) -> None: ...


class Sockets:
    """Indexed by person."""

    def __init__(self) -> None:
        self._of: defaultdict[int, set[Socket]] = defaultdict(set)

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

    def of(self, person_id: int) -> list[Socket]:
        return list(self._of.get(person_id, ()))

    def people(self) -> set[int]:
        return set(self._of)

    def rooms(self) -> set[int]:
        """The rooms of all sockets here."""
        return {room for socket in self for room in socket.rooms}

    def in_room(self, room_id: int) -> list[Socket]:
        return [socket for socket in self if room_id in socket.rooms]
