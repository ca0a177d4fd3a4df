"""The WebSocket consumer: one per browser tab or program, for all rooms of its person."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, InterfaceError
from django.utils import translation
from django.utils.translation import gettext_noop as _

from rooms import protocol
from rooms.database.threads import call, read
from rooms.live import outbound, process
from rooms.live.broadcast import frame, room_group
from rooms.live.limits import MAX_REFUSED
from rooms.live.writer import RETRY_AFTER
from rooms.log import verbs
from rooms.log.requests import Answer, Request
from rooms.models import Person
from rooms.models.person import NoAccount
from rooms.protocol.closing import FLOODING, NOT_SIGNED_IN, NOT_THIS_PROTOCOL, ORDINARY
from rooms.reading import query

logger = logging.getLogger(__name__)

# Consecutive frames of another protocol after which the socket is closed.
MAX_ALIEN_FRAMES = 5
# Uncommitted writes per socket. Beyond this, its next frame waits.
MAX_WAITING_WRITES = 64
# Minimum seconds between two `typing` frames of one socket in one room. Others are dropped.
TYPING_EVERY = 2.0


class ChatConsumer(AsyncWebsocketConsumer):
    """Authenticates, parses, passes commands to the process's writer and to queries, answers."""

    person_id: int
    session_key: str | None
    person: protocol.Person
    language: str  # of error messages
    admitted = False  # the person is known
    entered = False  # hello was sent

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        self.process = process.current()
        self.outbound = outbound.of_socket(scope, send)
        self.rooms: set[int] = set()
        self.alien_frames = 0
        self.waiting_writes = 0
        self.write_done: asyncio.Event | None = None
        self.typed: dict[int, float] = {}
        try:
            await super().__call__(scope, partial(self.other_event, receive), send)
        except BaseException:
            # daphne leaves the socket of a cancelled handler open, and the client would hang.
            with suppress(Exception):
                await send({"type": "websocket.close", "code": ORDINARY})
            raise
        finally:
            # Channels does not call disconnect() if a handler raised or was cancelled.
            self.entered = False
            self.outbound.stop()
            if self.admitted:
                await asyncio.shield(asyncio.ensure_future(self.process.leave(self)))

    async def other_event(self, receive: Any) -> dict:
        """Returns the server's next event that is not a frame. Handles frames as they arrive.

        Channels creates a task for each frame and waits for two, which costs 50 µs (measured).
        """
        while (event := await receive())["type"] == "websocket.receive":
            await self.receive(event.get("text"))
        return event

    async def dispatch(self, message: dict) -> None:
        # Channels awaits aclose_old_connections() on asgiref's single thread before every event.
        # Our database work runs on other threads, which manage their own connections.
        await getattr(self, message["type"].replace(".", "_"))(message)

    # Opening and closing

    async def connect(self) -> None:
        await self.accept()
        try:
            await self.open()
        except (DatabaseError, InterfaceError) as problem:
            logger.warning("A socket could not be opened: %s", problem)
            await self.end(ORDINARY)  # the client retries with backoff

    async def open(self) -> None:
        person_id = await call(self.authenticate)
        if person_id is None:
            await self.end(NOT_SIGNED_IN)
            return
        if not self.process.has_room_for(person_id):
            await self.end(FLOODING)
            return
        self.person_id = person_id
        self.session_key = self.scope["session"].session_key
        self.bucket = self.process.limits.bucket_of(person_id)
        self.admitted = True
        hello = await self.process.enter(self)
        self.person = hello.person
        self.entered = True

    def authenticate(self) -> int | None:
        """Returns the id of the person signed in by the handshake's session."""
        self.language = _language(self.scope)
        user = get_user(SimpleNamespace(session=self.scope["session"]))  # type: ignore[arg-type]
        if not isinstance(user, AbstractBaseUser) or not user.is_active:
            return None
        with suppress(NoAccount):
            return Person.of(user).pk
        return None

    async def end(self, code: int) -> None:
        """Closes the socket from the server side."""
        self.entered = False
        if self.admitted:
            self.process.withdraw(self)
        await self.outbound.close(code)

    async def websocket_disconnect(self, message: dict) -> None:
        raise StopConsumer

    # From the client

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.entered or self.process.ending:
            return
        try:
            command = protocol.parse(text_data or "")
        except protocol.BadFrame as bad:
            self.push(bad.error)
            self.alien_frames = self.alien_frames + 1 if bad.alien else 0
            if self.alien_frames >= MAX_ALIEN_FRAMES:
                await self.end(NOT_THIS_PROTOCOL)
            return
        self.alien_frames = 0
        if retry_after := self.bucket.take():
            await self.refuse(command, retry_after)
        elif verbs.of(type(command)):
            await self.write(command)
        elif asked := query.of(type(command)):
            await self.ask(asked, command)
        else:
            HANDLERS[type(command)](self, command)

    async def refuse(self, command: protocol.Command, retry_after: float) -> None:
        if self.bucket.refused > MAX_REFUSED:
            await self.end(FLOODING)
        elif command.ref is not None:
            detail = _("Too much at once. Wait a moment.")
            seconds = math.ceil(retry_after * 100) / 100
            self.push(protocol.Error(command.ref, "rate_limited", detail, seconds))

    async def write(self, command: protocol.Command) -> None:
        """Submits to the writer. The next frame does not wait for the commit."""
        while self.waiting_writes >= MAX_WAITING_WRITES:
            self.write_done = asyncio.Event()
            await self.write_done.wait()
        self.waiting_writes += 1
        self.process.writer.submit(Request(self.person_id, command), self.written)

    def written(self, answer: Answer) -> None:
        self.waiting_writes -= 1
        if self.write_done is not None:
            self.write_done.set()
        self.push(answer)

    async def ask(self, asked: type[query.Query], command: protocol.Command) -> None:
        online = self.process.presence.online() if asked.shows_presence else ()
        try:
            self.push(await read(asked.answer, query.Asker(self.person_id, online), command))
        except query.Denied as denied:
            self.push(protocol.Error(command.ref, denied.code, denied.detail))
        except (DatabaseError, InterfaceError):
            detail = _("The server is busy. Try again in a moment.")
            self.push(protocol.Error(command.ref, "unavailable", detail, RETRY_AFTER))

    def typing(self, command: protocol.Typing) -> None:
        room, now = command.room, time.monotonic()
        if room in self.rooms and now - self.typed.get(room, -TYPING_EVERY) >= TYPING_EVERY:
            self.typed[room] = now
            typing = frame(room_group(room), protocol.TypingNow(room, self.person))
            self.process.broadcaster.soon([typing])

    def ping(self, command: protocol.Ping) -> None:
        self.push(protocol.Pong(command.ref, self.process.heads.of(self.rooms)))

    def push(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.Error):
            with translation.override(self.language):
                event.detail = translation.gettext(event.detail)
        self.outbound.push(protocol.encode(event))

    # From the channel layer

    async def fanout_frame(self, event: dict) -> None:
        """Sends a frame, for layers that do not write to the socket themselves."""
        if self.process.repair.allows(event):
            self.outbound.push(event["text"])

    async def room_joined(self, event: dict) -> None:
        await self.process.groups.enter_room(self, event["room"])
        self.process.facts.tell(event["room"], [self])

    async def room_left(self, event: dict) -> None:
        await self.process.groups.leave_room(self, event["room"])
        self.push(protocol.Left(event["room"]))

    async def room_changed(self, event: dict) -> None:
        self.process.facts.tell(event["room"], [self])

    async def session_ended(self, event: dict) -> None:
        if event["session"] in {None, self.session_key}:
            await self.end(NOT_SIGNED_IN)

    async def person_changed(self, event: dict) -> None:
        await self.process.comparer.compare([self])


def _language(scope: dict) -> str:
    """Returns the language requested by the client, or the site's."""
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("language", [""])
    try:
        return translation.get_supported_language_variant(asked[0])
    except LookupError:
        return settings.LANGUAGE_CODE


# Commands that are neither a verb nor a query; see rooms.checks.
HANDLERS: dict[type[protocol.Command], Callable[[ChatConsumer, Any], None]] = {
    protocol.Typing: ChatConsumer.typing,
    protocol.Ping: ChatConsumer.ping,
}
