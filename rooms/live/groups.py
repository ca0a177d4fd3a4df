"""A socket's groups in the channel layer: its person's, and one for each room."""

from rooms.live.broadcast import person_group, room_group
from rooms.live.layer import Layer
from rooms.live.sockets import Socket


class Groups:
    def __init__(self, layer: Layer) -> None:
        self._layer = layer

    async def enter(self, socket: Socket) -> None:
        self._layer.attach(socket.channel_name, socket.outbound.push_frame)
        await self._layer.group_add(person_group(socket.person_id), socket.channel_name)

    async def enter_room(self, socket: Socket, room: int) -> None:
        socket.rooms.add(room)
        await self._layer.group_add(room_group(room), socket.channel_name)

    async def leave_room(self, socket: Socket, room: int) -> None:
        socket.rooms.discard(room)
        await self._layer.group_discard(room_group(room), socket.channel_name)

    async def only_in(self, socket: Socket, rooms: set[int]) -> None:
        """Enters and leaves rooms, so that the socket is in exactly these."""
        for room in rooms - socket.rooms:
            await self.enter_room(socket, room)
        for room in socket.rooms - rooms:
            await self.leave_room(socket, room)
        socket.rooms = set(socket.rooms)  # a grown set takes up to four times the memory

    async def leave(self, socket: Socket) -> None:
        """Leaves all groups. Waits only briefly for the layer."""
        groups = [person_group(socket.person_id), *map(room_group, socket.rooms)]
        socket.rooms.clear()
        await self._layer.leave(groups, socket.channel_name)
