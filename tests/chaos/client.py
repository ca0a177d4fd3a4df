"""A client that follows the rules of docs/protocol.md as the browser does, and records everything.

Unlike the browser, it loads every room completely, waits at most 5 s between connection attempts
(not 30, so that a run takes minutes), and chooses among the processes' addresses.
"""

import asyncio
import json
import math
import random
import time
import uuid
from collections.abc import Coroutine, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.chaos.history import Attempt, Frame, History, Said

HOLE_PATIENCE = 0.3
BACKOFF_FIRST, BACKOFF_LIMIT = 0.5, 5.0
CONNECT_PATIENCE = 15.0
PONG_PATIENCE = 10.0
# Every command gets an answer; if the database is down, after its timeout and a batch or two.
ANSWER_PATIENCE = 30.0
TERMINAL = {4400, 4401, 4403}
EMOJI = ["👍", "❤️", "🎉", "☕"]


class Offline(Exception):
    """There is no socket, or it closed before the answer came."""


class Room:
    """A room as this client knows it."""

    def __init__(self, id: int, epoch: str) -> None:
        self.id, self.epoch = id, epoch
        self.version = self.head = self.asked = 0
        self.lives = 0  # number of resets
        self.seq = 0  # newest
        self.first = 1  # oldest; a reset left out everything before it
        self.messages: dict[int, Said] = {}
        self.waiting: list[Frame] = []
        self.syncing = False
        self.timer: asyncio.TimerHandle | None = None


class Client:
    def __init__(
        self,
        name: str,
        user: int,
        session: str,
        addresses: Sequence[tuple[str, str]],
        history: History,
        seed: str,
        heartbeat: float = 60.0,
    ) -> None:
        """`addresses`: where to connect, and the Origin; `heartbeat`: maximum, in seconds."""
        self.name, self.user, self.session = name, user, session
        self.addresses, self.history, self.heartbeat = addresses, history, heartbeat
        self.random = random.Random(f"{seed}/{name}")
        self.rooms: dict[int, Room] = {}
        self.outbox: dict[int, list[Attempt]] = {}
        self.outside: dict[int, float] = {}  # room → time from which nothing of it may arrive
        self.epoch = ""
        self.connection: ClientConnection | None = None
        self.open = False
        self.pings = True
        self.ended: int | None = None  # the final close code, after which it does not reconnect
        self.codes: list[int | None] = []  # close codes of its sockets
        self.byes = self.connects = self.resets = 0
        self._requests: dict[int, asyncio.Future[Frame]] = {}
        self._draining: set[int] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._last_ref = self._failures = self._strange = self._said = 0
        self._bye: float | None = None
        self._lost_at: float | None = None
        self._life: asyncio.Task[None] | None = None
        self._heart: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return self.name

    # Connecting

    def start(self) -> None:
        self._life = asyncio.create_task(self._live())

    async def stop(self) -> None:
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
            if not self._life.cancelled() and (problem := self._life.exception()):
                self.history.wrong(f"{self}: the client itself failed: {problem!r}")
        for task in list(self._tasks):
            task.cancel()

    async def _live(self) -> None:
        while self.ended is None:
            code: int | None = None
            try:
                async with asyncio.timeout(CONNECT_PATIENCE):
                    connection = await self._connect()
            except (OSError, TimeoutError, EOFError, WebSocketException):
                pass
            else:
                code = await self._talk(connection)
                if code in TERMINAL:
                    self.ended = code
            ceiling = min(BACKOFF_LIMIT, BACKOFF_FIRST * 2 ** min(self._failures, 9))
            self._failures += 1
            delay = self.random.uniform(0, ceiling) if self._bye is None else self._bye
            self._bye = None
            await asyncio.sleep(delay)

    async def _connect(self) -> ClientConnection:
        """Connects to one of the processes. Like a proxy, skips one that does not listen."""
        addresses = self.random.sample(self.addresses, len(self.addresses))
        for url, origin in addresses:
            try:
                return await connect(
                    url.replace("http", "ws", 1) + "/ws/",
                    additional_headers={"Cookie": f"sessionid={self.session}"},
                    origin=origin,  # type: ignore[arg-type]
                    max_size=None,
                    ping_interval=None,
                    close_timeout=1,
                    compression=None,
                )
            except ConnectionRefusedError:
                continue
        raise ConnectionRefusedError

    async def _talk(self, connection: ClientConnection) -> int | None:
        self.connection = connection
        # Like the browser, gives up on a socket that never says hello.
        patience = asyncio.get_running_loop().call_later(CONNECT_PATIENCE, self._no_hello)
        try:
            async for text in connection:
                self.receive(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            patience.cancel()
            if self._heart is not None:
                self._heart.cancel()
            self._lose(connection.close_code)
            if connection.state.name != "CLOSED":
                connection.transport.abort()
        return connection.close_code

    def _no_hello(self) -> None:
        if not self.open and self.connection is not None:
            self.connection.transport.abort()

    def _lose(self, code: int | None) -> None:
        if self.open or self._lost_at is None:
            self._lost_at = time.monotonic()
        self.connection, self.open = None, False
        self.codes.append(code)
        for room in self.rooms.values():
            if room.timer is not None:
                room.timer.cancel()
            room.timer, room.syncing, room.waiting = None, False, []
        for answer in self._requests.values():
            if not answer.done():
                answer.set_exception(Offline())
        self._requests.clear()

    async def _beat(self, connection: ClientConnection, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            try:
                await self.request(PONG_PATIENCE, type="ping")
            except TimeoutError:
                connection.transport.abort()
            except Offline:
                return

    def cut(self) -> None:
        """Aborts the connection without a close frame."""
        if self.connection is not None:
            self.connection.transport.abort()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            self.history.wrong(f"{self}: the client itself failed: {problem!r}")

    # Commands

    async def request(self, patience: float = ANSWER_PATIENCE, **frame: Any) -> Frame:
        """Returns the answer. Raises Offline, or TimeoutError if an open socket gives no answer."""
        if self.connection is None or not self.open:
            raise Offline
        self._last_ref += 1
        ref = self._last_ref
        answer = self._requests[ref] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience):
                try:
                    await self.connection.send(json.dumps({"ref": ref, **frame}))
                except ConnectionClosed:
                    raise Offline from None
                return await answer
        finally:
            self._requests.pop(ref, None)
            answer.cancel()

    async def _ask(self, **frame: Any) -> Frame | None:
        """Like `request`, but records a missing answer as an error and ignores being offline."""
        try:
            return await self.request(**frame)
        except Offline:
            return None
        except TimeoutError:
            self.history.wrong(f"{self}: no answer in {ANSWER_PATIENCE:.0f} s to {frame}")
            return None

    def say(self, room: int, body: str) -> Attempt:
        """Adds a message to the outbox, which sends it until it is acked or refused."""
        cid = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        attempt = Attempt(self.name, self.user, cid, room, body)
        self.history.attempts[self.user, cid] = attempt
        self.outbox.setdefault(room, []).append(attempt)
        self._flush()
        return attempt

    @property
    def unsent(self) -> int:
        return sum(map(len, self.outbox.values()))

    def _flush(self) -> None:
        for room in self.outbox:
            if self.open and room not in self._draining and self.outbox[room]:
                self._draining.add(room)
                self._spawn(self._drain(room))

    async def _drain(self, room: int) -> None:
        """Sends one message at a time, so that they arrive in order."""
        try:
            queue = self.outbox[room]
            while queue and self.open:
                attempt = queue[0]
                attempt.tries += 1
                answer = await self._ask(type="send", room=room, cid=attempt.cid, body=attempt.body)
                if answer is None:
                    # The connection may be gone without anybody having noticed.
                    await asyncio.sleep(0.05)
                    continue
                if answer["type"] == "ack":
                    queue.pop(0)
                    self._acked(attempt, answer)
                elif answer["code"] in {"unavailable", "rate_limited"}:
                    await asyncio.sleep(answer.get("retry_after") or 1)
                else:
                    attempt.refused = answer["code"]
                    queue.pop(0)
        finally:
            self._draining.discard(room)
        self._flush()

    def _acked(self, attempt: Attempt, ack: Frame) -> None:
        attempt.ack, attempt.acked_at = ack, time.monotonic()
        if ack["cid"] != attempt.cid or ack["room"] != attempt.room:
            self.history.wrong(f"{self}: an ack for another message: {ack}")
        self.history.on_ack(attempt)
        if room := self.rooms.get(ack["room"]):
            if (said := room.messages.get(ack["seq"])) and said.cid != attempt.cid:
                self.history.wrong(f"{self}: acked as {ack}, but there is {said}")
            self._hear(room, ack["version"])

    def act(self) -> None:
        """Performs a random action."""
        if not self.rooms:
            return
        room = self.random.choice(list(self.rooms.values()))
        dice = self.random.random()
        mine = [s for s in room.messages.values() if s.author == self.user and not s.deleted]
        if dice < 0.55 or not room.messages:
            self.say(room.id, self._words())
        elif dice < 0.67 and mine:
            self._spawn(self._edit(self.random.choice(mine[-20:]), self._words()))
        elif dice < 0.71 and mine:
            self._spawn(self._ask(type="delete", message=self.random.choice(mine[-20:]).id))
        elif dice < 0.86:
            said = room.messages[self.random.randint(max(room.first, room.seq - 30), room.seq)]
            emoji, on = self.random.choice(EMOJI), self.random.random() < 0.7
            self._spawn(self._ask(type="react", message=said.id, emoji=emoji, on=on))
        elif dice < 0.93:
            self._spawn(self._ask(type="read", room=room.id, seq=room.seq))
        elif dice < 0.96:
            self._sync(room)
        else:
            self._spawn(self._ask(type="history", room=room.id, limit=20))

    def _words(self) -> str:
        self._said += 1
        words = f"{self.name} {self._said} "
        dice = self.random.random()
        if dice < 0.1:
            words += (
                "<b>&amp;</b> **안녕** `code` 👩‍👩‍👧 \u2028 \x01 'quoted' \"twice\"\n\n> @"
                + self.name
            )
        elif dice < 0.13:
            words += "long " * self.random.randint(100, 2000)
        return words + str(self.random.getrandbits(32))

    async def _edit(self, said: Said, body: str) -> None:
        epoch = self.epoch
        answer = await self._ask(type="edit", message=said.id, body=body)
        if answer is not None and answer["type"] == "ack":
            self.history.edits.append((epoch, said.id, answer["version"], body))

    # Frames

    def receive(self, frame: Frame) -> None:
        if isinstance(room := frame.get("room"), dict):
            room = room["id"]
        of_a_room = frame["type"] in {"changes", "reset", "history", "typing"}
        if of_a_room and time.monotonic() > self.outside.get(room or 0, math.inf):
            self.history.wrong(f"{self}: is not in room {room}, but got {str(frame)[:200]}")
        if handle := getattr(self, f"_on_{frame['type']}", None):
            handle(frame)
        answer = self._requests.get(frame.get("ref") or 0)
        if answer is not None and not answer.done():
            answer.set_result(frame)

    def _on_hello(self, frame: Frame) -> None:
        self.open = True
        self.connects += 1
        self._failures = self._strange = 0
        self.epoch = frame["epoch"]
        if self.connection is not None and self.pings:
            every = min(self.heartbeat, frame["heartbeat"])
            self._heart = self._spawn(self._beat(self.connection, every))
        before, self.rooms = self.rooms, {}
        for fields in frame["rooms"]:
            self._enter(before.get(fields["id"]), fields)
        self._caught_up()
        self._flush()

    def _enter(self, room: Room | None, fields: Frame) -> None:
        if room is None or room.epoch != self.epoch:
            room = Room(fields["id"], self.epoch)
        if fields["version"] < room.version:
            self.history.wrong(
                f"{self}: room {room.id} went back from {room.version} to {fields['version']}"
            )
        self.rooms[room.id] = room
        room.head = max(room.head, fields["version"])
        if room.version < room.head:
            self._sync(room)

    def _on_changes(self, frame: Frame) -> None:
        room = self.rooms.get(frame["room"])
        if room is None or frame["to"] <= room.version:
            return
        if frame["from"] > room.version:
            room.waiting.append(frame)
            self._hear(room, frame["to"])
            return
        self._absorb(room, frame)
        room.waiting.sort(key=lambda early: early["from"])
        waiting, room.waiting = room.waiting, []
        for early in waiting:
            if early["to"] > room.version:
                if early["from"] <= room.version:
                    self._absorb(room, early)
                else:
                    room.waiting.append(early)
        if room.version >= room.head and room.timer is not None:
            room.timer.cancel()
            room.timer = None
        self._caught_up()

    def _absorb(self, room: Room, frame: Frame) -> None:
        for message in frame["messages"]:
            if not frame["from"] < message["version"] <= frame["to"]:
                self.history.wrong(f"{self}: a message outside of its frame: {str(frame)[:300]}")
        self._merge(room, frame["messages"])
        room.version = frame["to"]
        room.head = max(room.head, frame["to"])

    def _merge(self, room: Room, messages: list[Frame]) -> None:
        for message in sorted(messages, key=lambda message: message["seq"]):
            said = self.history.saw(self.name, room.epoch, message)
            held = room.messages.get(said.seq)
            if held is not None and held.id != said.id:
                self.history.wrong(f"{self}: {held} became {said}")
            if held is None or held.version < said.version:
                room.messages[said.seq] = said
            if said.seq > room.seq:
                # The client's state must be a prefix of the log at all times.
                if said.seq != room.seq + 1:
                    self.history.wrong(
                        f"{self}: in room {room.id} {said.seq} came after {room.seq}"
                    )
                room.seq = said.seq

    def _on_reset(self, frame: Frame) -> None:
        room = self.rooms.get(frame["room"])
        if room is None:
            return
        # It may only be too far behind, neither from before a restore nor ahead of the server.
        behind = frame["epoch"] == room.epoch and room.asked <= frame["version"]
        if behind and frame["version"] <= room.version:
            return  # frames caught it up meanwhile
        self.resets += 1
        room.lives += 1
        waiting, room.waiting = room.waiting, []
        room.messages.clear()
        room.epoch = frame["epoch"]
        room.version = frame["version"]
        room.head = max(room.head, room.version) if behind else room.version
        room.first = frame["messages"][0]["seq"] if frame["messages"] else 1
        room.seq = room.first - 1
        self._merge(room, frame["messages"])
        if behind:
            for early in sorted(waiting, key=lambda early: early["from"]):
                self._on_changes(early)
        self._spawn(self._load_older(room))
        self._caught_up()

    async def _load_older(self, room: Room) -> None:
        """Loads older pages, like the browser when the user scrolls up."""
        life = room.lives
        while room.first > 1 and self.rooms.get(room.id) is room and room.lives == life:
            page = await self._ask(type="history", room=room.id, before=room.first, limit=200)
            if page is None or page["type"] != "history":
                await asyncio.sleep(0.5)
                continue
            if not page["messages"]:
                self.history.wrong(f"{self}: nothing before {room.first} in room {room.id}")
                return
            if room.lives != life:
                return  # a reset came meanwhile and dropped the page
            self._merge(room, page["messages"])
            room.first = min(room.first, page["messages"][0]["seq"])

    def _on_pong(self, frame: Frame) -> None:
        heads = frame["heads"]
        for room in self.rooms.values():
            head = heads.get(str(room.id), room.version)
            if head > room.version:
                self._hear(room, head)
            elif head < room.version:
                self._sync(room)
        self._strange = 0 if set(heads) == set(map(str, self.rooms)) else self._strange + 1
        if self._strange == 2:
            self.cut()

    def _on_room(self, frame: Frame) -> None:
        fields = frame["room"]
        if fields["id"] not in self.rooms:
            self._enter(None, fields)
        else:
            self._hear(self.rooms[fields["id"]], fields["version"])

    def _on_left(self, frame: Frame) -> None:
        self.rooms.pop(frame["room"], None)

    def _on_bye(self, frame: Frame) -> None:
        self.byes += 1
        self._bye = frame["after_ms"] / 1000

    # Catching up

    def _hear(self, room: Room, version: int) -> None:
        """Learns of a version that it may not have. If it does not arrive, syncs."""
        room.head = max(room.head, version)
        if room.head <= room.version or room.timer is not None or room.syncing:
            return
        loop = asyncio.get_running_loop()
        room.timer = loop.call_later(HOLE_PATIENCE, self._patience_ended, room)

    def _patience_ended(self, room: Room) -> None:
        room.timer = None
        if room.head > room.version:
            self._sync(room)

    def _sync(self, room: Room) -> None:
        if self.open and not room.syncing:
            room.syncing = True
            self._spawn(self._ask_for_changes(room))

    async def _ask_for_changes(self, room: Room) -> None:
        asked = room.asked = room.version
        try:
            answer = await self.request(type="sync", room=room.id, version=asked, epoch=room.epoch)
        except (Offline, TimeoutError):
            room.syncing = False
            return
        room.syncing = False
        if answer["type"] == "error":
            if answer["code"] in {"unavailable", "rate_limited"}:
                await asyncio.sleep(answer.get("retry_after") or 1)
                self._sync(room)
            return
        if room.version == asked:
            room.head = asked  # the server has no more: the announced version was wrong
        self._hear(room, room.head)

    def _caught_up(self) -> None:
        if self._lost_at is None or any(r.version < r.head for r in self.rooms.values()):
            return
        self.history.blackouts.append(time.monotonic() - self._lost_at)
        self._lost_at = None
