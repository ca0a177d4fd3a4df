"""Where a fault strikes: the real site in two processes, its services, a bad network, clients."""

import asyncio
import atexit
import functools
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import redis as redis_client

from tests.chaos.client import Client
from tests.chaos.database import Database
from tests.chaos.history import Attempt, History
from tests.chaos.proxy import Proxy
from tests.services import Postgres, Redis, postgres_cluster, redis_server
from tests.site import Daphne, Site

# Every n-th ack is compared with the database in the moment in which it comes.
SAMPLE_ACKS = 4

ROOMS = ["general", "team", "attic"]


# Without hashing passwords, which takes half a second each: nobody signs in with them.
@dataclass(frozen=True)
class World:
    """What a site is made of."""

    database: str = "sqlite"
    redis: bool = True
    server: str = "serve"
    processes: int = 2
    settings: str = ""  # more of a settings module
    site_code: str = ""  # a sitecustomize.py of the second process
    disk: int = 0  # MiB of a small file system for the data
    environment: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        parts = [self.database, *(["Redis"] if self.redis else []), self.server]
        parts += [
            name for name in ("settings", "site_code", "disk", "environment") if getattr(self, name)
        ]
        return " + ".join(parts)


@dataclass(frozen=True)
class Usage:
    """Of both processes together: sockets wander from one to the other."""

    memory: float  # MiB
    descriptors: int
    threads: int
    redis_keys: int = 0
    redis_clients: int = 0


class Place:
    def __init__(self, world: World, site: Site, seed: int, full: bool) -> None:
        self.world, self.site, self.full = world, site, full
        self.seed = f"{seed}"
        self.random = random.Random(f"{seed}/fault")
        self.history = History()
        self.history.on_ack = self._sample
        self.clients: list[Client] = []
        self.proxies: list[Proxy] = []
        self.rooms: dict[str, int] = {}
        self.notes: list[str] = []
        self.database = Database(site.environment["DATABASE_URL"])
        self.redis: Redis | None = None
        self.postgres: Postgres | None = None
        self.rate = 3.0  # of things a client does in a second
        # For a fault that first makes the processes as large as ordinary work of its kind does.
        self.rebase: Callable[[], None] = lambda: None
        self.scheduled: set[str] = set()  # keys of due rows
        self.loaded = False
        self.sampled = 0
        self._acks = 0
        self._typists: list[asyncio.Task[None]] = []

    @property
    def processes(self) -> list[Daphne]:
        return self.site.processes

    def pick(self, short: Any, full: Any) -> Any:
        """A number for the short or the full schedule."""
        return full if self.full else short

    async def pause(self, least: float, most: float | None = None) -> None:
        await asyncio.sleep(least if most is None else self.random.uniform(least, most))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def note_acks(self, since: float) -> None:
        """How long acks took of what was said in the last `since` seconds."""
        now = time.monotonic()
        took = [
            (attempt.acked_at or now) - attempt.began
            for attempt in self.history.attempts.values()
            if attempt.began > now - since and attempt.tries == 1
        ]
        if took:
            self.note(f"slowest ack {max(took):.2f} s")

    # People

    async def run(self, program: str, *args: Any) -> Any:
        return await asyncio.to_thread(self.site.run, program, *args)

    async def people(self, people: dict[str, list[str]]) -> None:
        """New accounts and the rooms they are in."""
        made = await self.run("tests.programs.people:make_members", people)
        self.site.ids |= {name: user for name, (user, _key) in made.items()}
        self.site.keys |= {name: key for name, (_user, key) in made.items()}

    def client(
        self, person: str, rooms: list[str], name: str = "", direct: bool = False, **more: Any
    ) -> Client:
        """A client of an account; `direct` leaves the proxies out."""
        origins = [process.url for process in self.processes]
        urls = origins if direct else [proxy.url for proxy in self.proxies]
        addresses = list(zip(urls, origins, strict=True))
        more.setdefault("heartbeat", self.pick(5.0, 60.0))
        site = self.site
        client = Client(
            name or person,
            site.ids[person],
            site.keys[person],
            addresses,
            self.history,
            self.seed,
            **more,
        )
        client.outside = {self.rooms[room]: 0.0 for room in ROOMS if room not in rooms}
        return client

    async def come_in(self, number: int) -> None:
        """The people who make the load: some in all rooms, one in two windows."""
        people = {f"p{n}": self._rooms_of(n, number) for n in range(number - 1)}
        await self.people(people)
        self.clients = [self.client(name, rooms) for name, rooms in people.items()]
        self.clients.append(self.client("p0", people["p0"], name="p0b"))
        for client in self.clients:
            client.start()
        await self.until(lambda: all(client.open for client in self.clients), 20)
        self._typists = [asyncio.create_task(self._type(client)) for client in self.clients]

    def _rooms_of(self, number: int, of: int) -> list[str]:
        if number >= of * 3 // 4:
            return ["general"]
        return ROOMS if number % 2 else ["general", "team"]

    async def _type(self, client: Client) -> None:
        while True:
            await asyncio.sleep(client.random.expovariate(self.rate))
            if self.loaded:
                client.act()

    async def until(self, ready: Callable[[], bool], seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while not ready():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return False
        return True

    def _sample(self, attempt: Attempt) -> None:
        """No ack before COMMIT: another connection finds the row as soon as the ack is there."""
        self._acks += 1
        if self._acks % SAMPLE_ACKS:
            return
        try:
            there = self.database.has(attempt.user, attempt.cid)
        except Exception:
            return  # the database is away; what was acked is looked at in the end
        self.sampled += 1
        if not there:
            self.history.wrong(f"acked before it was committed: {attempt.cid}")

    # Processes

    async def restart(self, process: Daphne, number: int = signal.SIGKILL) -> None:
        await asyncio.to_thread(process.restart, number)

    async def end(self, process: Daphne, number: int) -> None:
        await asyncio.to_thread(process.end, number)

    def usage(self) -> Usage:
        memory, descriptors, threads = 0, 0, 0
        for process in self.processes:
            folder = Path(f"/proc/{process.process.pid}")
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines()
            )
            memory += int(status["VmRSS"].split()[0])
            threads += int(status["Threads"])
            descriptors += len(list((folder / "fd").iterdir()))
        keys = clients = 0
        if self.redis is not None:
            with redis_client.Redis.from_url(self.redis.url) as admin:
                keys, clients = admin.dbsize(), admin.info("clients")["connected_clients"]
        return Usage(memory / 1024, descriptors, threads, keys, clients)

    def command(self, *words: Any) -> Any:
        """Something said to Redis."""
        assert self.redis is not None
        with redis_client.Redis.from_url(self.redis.url) as admin:
            return admin.execute_command(*words)


@functools.cache
def _migrated() -> Path:
    """A migrated SQLite file to copy."""
    folder = Path(tempfile.mkdtemp(prefix="chatsite-chaos-"))
    site = Site("sqlite:///FOLDER/chat.sqlite3", {"DEBUG": "off", "REDIS_URL": ""}, 0)
    try:
        _migrate(site)
        site.run("tests.programs.pages:checkpoint")
        return Path(shutil.copy(site.folder / "chat.sqlite3", folder))
    finally:
        site.close()


@functools.cache
def _collected() -> Path:
    """The static files to link; each world's first start would compress them, for 3 s."""
    site = Site("sqlite:///FOLDER/none", {"DEBUG": "off"}, 0)
    atexit.register(site.close)
    site.manage("collectstatic", "-v", "0", "--no-input").check_returncode()
    return site.folder / "static"


def _migrate(site: Site) -> None:
    site.manage("migrate", "-v", "0").check_returncode()


_numbers = count(1)


@asynccontextmanager
async def open_place(world: World, seed: int, full: bool, clients: int) -> AsyncIterator[Place]:
    """A site with people in it; everything of it ends with the context."""
    with ExitStack() as stack:
        environment = {"DEBUG": "off", "REDIS_URL": "", "EMAIL_URL": "", **dict(world.environment)}
        redis = stack.enter_context(redis_server()) if world.redis else None
        if redis is not None:
            environment["REDIS_URL"] = redis.url
        postgres = None
        if world.database == "postgres":
            postgres = stack.enter_context(postgres_cluster())
            url = postgres.make_database(f"chaos{next(_numbers)}")
            site = Site(url, environment, world.processes, world.server)
        else:
            site = Site("sqlite:///FOLDER/chat.sqlite3", environment, world.processes, world.server)
        stack.callback(site.close)
        if world.disk:
            _mount(site.folder, world.disk)
            stack.callback(subprocess.run, ["umount", "-l", str(site.folder)])
        if postgres is not None:
            _migrate(site)
        else:
            shutil.copy(await asyncio.to_thread(_migrated), site.folder / "chat.sqlite3")
        if (
            world.server == "serve" and not world.disk
        ):  # from one file system to another nothing is linked
            static = await asyncio.to_thread(_collected)
            shutil.copytree(static, site.folder / "static", copy_function=os.link)
        _write_code(site, world)
        place = Place(world, site, seed, full)
        stack.callback(place.database.close)
        place.redis, place.postgres = redis, postgres
        place.rooms = await place.run("tests.programs.rooms:make", ROOMS)
        await asyncio.to_thread(site.serve)
        if world.site_code:
            second = place.processes[1]
            second.environment = {
                **site.environment,
                "PYTHONPATH": str(site.folder / "second"),
            }
            await place.restart(second)
        place.proxies = [Proxy(process.port) for process in place.processes]
        for proxy in place.proxies:
            await proxy.start()
        try:
            await place.come_in(clients)
            yield place
        finally:
            for task in place._typists:
                task.cancel()
            await asyncio.gather(*(client.stop() for client in place.clients))
            for proxy in place.proxies:
                await proxy.stop()


def _write_code(site: Site, world: World) -> None:
    """Settings of a test's own, and code that the second process runs first of all."""
    if world.settings:
        folder = site.folder / "settings"
        folder.mkdir()
        (folder / "chaos_settings.py").write_text(
            "from chatsite.settings import *\n" + world.settings
        )
        site.environment |= {
            "DJANGO_SETTINGS_MODULE": "chaos_settings",
            "PYTHONPATH": str(folder),
        }
    if world.site_code:
        (site.folder / "second").mkdir()
        (site.folder / "second" / "sitecustomize.py").write_text(world.site_code)


def _mount(folder: Path, mebibytes: int) -> None:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "chaos", str(folder)], check=True
    )
