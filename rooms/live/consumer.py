"""The socket: one per browser tab or program, for all rooms of its person."""

import asyncio
import logging
import math
import time
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, InterfaceError

from rooms import protocol
from rooms.database.threads import call, read
from rooms.following.runner import runner
from rooms.live.broadcast import frame, person_group, room_group
from rooms.live.limits import MAX_REFUSED, MAX_SOCKETS, bucket_of
from rooms.live.outbound import Outbound
from rooms.live.presence import presence
from rooms.live.repair import repair
from rooms.live.revocation import NOT_SIGNED_IN, compare, comparer
from rooms.live.sockets import here
from rooms.live.writer import RETRY_AFTER, writer
from rooms.log.batch import Answer, Request
from rooms.models import Person
from rooms.reading import queries

logger = logging.getLogger(__name__)

ORDINARY = 1000
NOT_THIS_PROTOCOL = 4400
FLOODING = 4429
# Frames in a row that are not this protocol, after which the socket is closed.
MAX_ALIEN_FRAMES = 5
# Writes of one socket that wait for their commit; with more, its next frame waits.
MAX_WAITING_WRITES = 64
# Seconds in which one socket tells one room only once that somebody is typing.
TYPING_EVERY = 2.0

Write = protocol.Send | protocol.Edit | protocol.Delete | protocol.React | protocol.Read


class ChatConsumer(AsyncWebsocketConsumer):
    """Authenticates, parses, hands over to log and reader, answers."""

    person_id: int
    session_key: str | None
    person: protocol.Person
    entered = False

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        self.rooms: set[int] = set()
        self.outbound = Outbound(scope, send)
        self.alien_frames = 0
        self.waiting_writes = 0
        self.write_done: asyncio.Event | None = None
        self.typed: dict[int, float] = {}
        try:
            await super().__call__(scope, partial(self.other_event, receive), send)
        except BaseException:
            # daphne leaves the socket of a cancelled handler open, and its client would wait.
            with suppress(Exception):
                await send({"type": "websocket.close", "code": ORDINARY})
            raise
        finally:
            # Also when a handler raised or was cancelled: Channels calls no disconnect() then.
            self.withdraw()
            await asyncio.shield(asyncio.ensure_future(self.leave()))

    async def other_event(self, receive: Any) -> dict:
        """The next event of the server that is no frame; frames are handled here as they come.

        Channels' own way makes a task for each frame and waits for two: measured, 50 µs.
        """
        while (event := await receive())["type"] == "websocket.receive":
            await self.receive(event.get("text"))
        return event

    async def dispatch(self, message: dict) -> None:
        # Channels' own awaits aclose_old_connections() on asgiref's one thread before every
        # frame; database work is on other threads here, which look after their connections.
        await getattr(self, get_handler_name(message))(message)

    # Opening and closing

    async def connect(self) -> None:
        await self.accept()
        try:
            await self.open()
        except (DatabaseError, InterfaceError) as problem:
            logger.warning("A socket could not be opened: %s", problem)
            await self.close(ORDINARY)  # on which a client tries again, later and later

    async def open(self) -> None:
        person_id = await call(self.authenticate)
        if person_id is None:
            await self.close(NOT_SIGNED_IN)
            return
        if len(here.of(person_id)) >= MAX_SOCKETS:
            await self.close(FLOODING)
            return
        self.person_id = person_id
        self.session_key = self.scope["session"].session_key
        self.bucket = bucket_of(person_id)
        # Groups first, heads after: what is committed between is in one or in both.
        self.outbound.hold()
        here.add(self)
        if attach := getattr(self.channel_layer, "attach", None):
            attach(self.channel_name, self.outbound.push_frame)
        repair.start()
        comparer.start()
        runner.start()
        await self.channel_layer.group_add(person_group(person_id), self.channel_name)
        for room_id in await read(queries.room_ids, person_id):
            await self.enter(room_id)
        hello = await read(queries.hello, person_id)
        await self.only_in({room.id for room in hello.rooms})
        repair.greeted(hello.epoch)
        for room in hello.rooms:
            repair.entered(room.id, room.version)
        self.person = hello.user
        await self.send(protocol.encode(hello))
        self.outbound.release()
        self.entered = True
        presence.enter(person_id, self.outbound.push)
        if online := presence.online() & {p.id for room in hello.rooms for p in room.people or ()}:
            self.push(protocol.Presence({str(id): "online" for id in online}))

    def authenticate(self) -> int | None:
        """The id of the person whose account's session came with the handshake."""
        user = get_user(SimpleNamespace(session=self.scope["session"]))  # type: ignore[arg-type]
        return Person.of(user).pk if isinstance(user, AbstractBaseUser) and user.is_active else None

    async def enter(self, room_id: int) -> None:
        self.rooms.add(room_id)
        await self.channel_layer.group_add(room_group(room_id), self.channel_name)

    async def exit(self, room_id: int) -> None:
        self.rooms.discard(room_id)
        await self.channel_layer.group_discard(room_group(room_id), self.channel_name)

    async def only_in(self, rooms: set[int]) -> None:
        """Joins and leaves groups so that they are those of `rooms`."""
        for room_id in rooms - self.rooms:
            await self.enter(room_id)
        for room_id in self.rooms - rooms:
            await self.exit(room_id)
        self.rooms = set(self.rooms)  # one that grew takes up to four times as much

    def withdraw(self) -> None:
        """From now on nothing goes out and nothing that comes in counts."""
        if detach := getattr(self.channel_layer, "detach", None):
            detach(self.channel_name)
        if hasattr(self, "person_id"):
            here.remove(self)
        if self.entered:
            self.entered = False
            presence.leave(self.person_id, self.outbound.push)

    async def leave(self) -> None:
        """Out of all groups, also when the layer fails at one of them."""
        groups = [room_group(room_id) for room_id in self.rooms]
        if hasattr(self, "person_id"):
            groups.append(person_group(self.person_id))
        self.rooms.clear()
        for group in groups:
            with suppress(Exception):
                await self.channel_layer.group_discard(group, self.channel_name)

    async def end(self, code: int) -> None:
        """Closes from the server's side."""
        self.withdraw()
        self.outbound.close()
        await self.close(code)

    async def websocket_disconnect(self, message: dict) -> None:
        raise StopConsumer

    # From the client

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.entered or here.ending:
            return
        try:
            command = protocol.parse(text_data or "")
        except protocol.BadFrame as bad:
            self.push(bad.error)
            self.alien_frames = self.alien_frames + 1 if bad.alien else 0
            if self.alien_frames >= MAX_ALIEN_FRAMES:
                await self.close(NOT_THIS_PROTOCOL)
            return
        self.alien_frames = 0
        if retry_after := self.bucket.take():
            await self.refuse(command, retry_after)
        elif isinstance(command, Write):
            await self.write(command)
        else:
            await self.answer(command)

    async def refuse(self, command: protocol.Command, retry_after: float) -> None:
        if self.bucket.refused > MAX_REFUSED:
            await self.end(FLOODING)
        elif command.ref is not None:
            detail = "Too much at once. Wait a moment."
            seconds = math.ceil(retry_after * 100) / 100
            self.push(protocol.Error(command.ref, "rate_limited", detail, seconds))

    async def write(self, command: Write) -> None:
        """Hands over to the writer; the next frame does not wait for the commit."""
        while self.waiting_writes >= MAX_WAITING_WRITES:
            self.write_done = asyncio.Event()
            await self.write_done.wait()
        self.waiting_writes += 1
        writer.submit(Request(self.person_id, command), self.written)

    def written(self, answer: Answer) -> None:
        self.waiting_writes -= 1
        if self.write_done is not None:
            self.write_done.set()
        self.push(answer)

    async def answer(self, command: protocol.Command) -> None:
        try:
            match command:
                case protocol.Sync():
                    self.push(await read(queries.sync, self.person_id, command))
                case protocol.History():
                    self.push(await read(queries.history, self.person_id, command))
                case protocol.Members():
                    online = presence.online()
                    self.push(await read(queries.members, self.person_id, command, online))
                case protocol.Typing():
                    self.typing(command.room)
                case protocol.Ping():
                    self.push(protocol.Pong(command.ref, repair.heads(self.rooms)))
        except queries.Refused as refused:
            self.push(protocol.Error(command.ref, refused.code, refused.detail))
        except (DatabaseError, InterfaceError):
            detail = "The database is busy or away. Try again."
            self.push(protocol.Error(command.ref, "unavailable", detail, RETRY_AFTER))

    def typing(self, room_id: int) -> None:
        now = time.monotonic()
        if room_id in self.rooms and now - self.typed.get(room_id, -TYPING_EVERY) >= TYPING_EVERY:
            self.typed[room_id] = now
            typing = frame(room_group(room_id), protocol.TypingNow(room_id, self.person))
            writer.broadcaster.soon([typing])

    def push(self, event: protocol.Event) -> None:
        self.outbound.push(protocol.encode(event))

    def push_text(self, text: str) -> None:
        self.outbound.push(text)

    # From the channel layer

    async def fanout_frame(self, event: dict) -> None:
        """A ready-made frame, on a layer that does not write it to the socket itself."""
        if repair.heard(event):
            self.outbound.push(event["text"])

    async def room_joined(self, event: dict) -> None:
        await self.enter(event["room"])
        repair.refresh(event["room"], [self])

    async def room_left(self, event: dict) -> None:
        await self.exit(event["room"])
        self.push(protocol.Left(event["room"]))

    async def room_changed(self, event: dict) -> None:
        repair.refresh(event["room"], [self])

    async def session_ended(self, event: dict) -> None:
        if event["session"] in {None, self.session_key}:
            await self.end(NOT_SIGNED_IN)

    async def person_changed(self, event: dict) -> None:
        await compare([self])
