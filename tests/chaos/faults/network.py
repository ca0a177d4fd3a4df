"""A bad network between clients and processes, and bad clients."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import quantiles

from tests.chaos.checker import converge
from tests.chaos.client import Client
from tests.chaos.fault import fault
from tests.chaos.place import Place, World
from tests.chaos.proxy import Scramble, is_news


@fault()
async def connections_cut(place: Place) -> None:
    """All connections are cut at random moments."""
    for _ in range(place.pick(4, 40)):
        await place.pause(0.1, 0.8)
        place.random.choice(place.proxies).cut()


@fault()
async def cut_before_ack(place: Place) -> None:
    """Connections are cut between COMMIT and ack: commands arrive, answers do not."""
    known = len(place.history.attempts)
    for _ in range(place.pick(4, 40)):
        await place.pause(0.3, 0.8)
        proxy = place.random.choice(place.proxies)
        proxy.swallow(up=False, down=True)
        await place.pause(0.2, 0.6)
        proxy.cut()
    again = sum(a.tries > 1 for a in list(place.history.attempts.values())[known:])
    place.note(f"{again} sent again")
    if not again:
        place.history.wrong("nothing was resent: this fault tests nothing")


@fault()
async def half_open(place: Place) -> None:
    """All packets vanish while both ends think they are connected; the heartbeat notices."""
    place.proxies[0].swallow(up=True, down=True)
    # Heartbeat and its timeout (20 s and 10 s); in the short schedule clients ping every 5 s.
    await place.pause(place.pick(6, 35))
    place.proxies[0].cut()


@fault()
async def frames_scrambled(place: Place) -> None:
    """Frames are dropped, duplicated, and reordered."""
    scrambles = [Scramble(place.random, drop=0.2, double=0.2, hold=0.3) for _ in place.proxies]
    for proxy, scramble in zip(place.proxies, scrambles, strict=True):
        proxy.tamper = scramble
        proxy.delay = 0.05  # so that there are frames to reorder
    await place.pause(place.pick(4, 30))
    for proxy in place.proxies:
        proxy.tamper, proxy.delay = None, 0.0
    for what in ("dropped", "doubled", "held"):
        place.note(f"{sum(scramble.counts[what] for scramble in scrambles)} {what}")


@fault()
async def last_frame_lost(place: Place) -> None:
    """The last frame before a pause is lost; only the heartbeat notices."""
    place.loaded = False
    await place.pause(1)
    for proxy in place.proxies:
        proxy.tamper = lambda frames: [frame for frame in frames if not is_news(frame)]
    last = [client.say(place.rooms["general"], f"{client} is last") for client in place.clients[:3]]
    await place.until(lambda: all(attempt.ack for attempt in last), 10)
    await place.pause(0.2)
    for proxy in place.proxies:
        proxy.tamper = None


@fault()
async def slow_network(place: Place) -> None:
    """Frames from the server arrive late."""
    for proxy in place.proxies:
        proxy.delay = 0.5
    await place.pause(place.pick(3, 20))
    for proxy in place.proxies:
        proxy.delay = 0.0


# Many clients

# Actions per second of each load client, while a crowd receives all of them.
QUIET = 0.1


@asynccontextmanager
async def crowd(place: Place, number: int, name: str = "crowd") -> AsyncIterator[list[Client]]:
    """Clients that only listen, five for each account, without a proxy. At the end they must be
    equal to the database like all others."""
    rate, place.rate = place.rate, QUIET
    names = [f"{name}{n}" for n in range(number // 5)]
    await place.people({name: ["general"] for name in names})
    clients = [
        place.client(name, ["general"], name=f"{name}.{n}", direct=True)
        for name in names
        for n in range(5)
    ]
    try:
        for some in range(0, number, 50):
            for client in clients[some : some + 50]:
                client.start()
            await place.until(lambda: all(c.open for c in clients[: some + 50]), 30)  # noqa: B023
        place.history.blackouts.clear()
        yield clients
        note_blackouts(place)
        place.loaded = False
        await converge(place, [*clients, *place.clients])
    finally:
        place.rate = rate
        await asyncio.gather(*(client.stop() for client in clients))


def note_blackouts(place: Place) -> None:
    """Notes the times from a close until the client has caught up, as clients see it."""
    seen = place.history.blackouts
    if len(seen) > 1:
        cuts = quantiles(seen, n=100, method="inclusive")
        place.note(f"blackout p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s of {len(seen)} closes")


@fault()
async def everybody_reconnects(place: Place) -> None:
    """2,000 clients lose their connections and reconnect at the same time."""
    number = place.pick(200, 2000)
    # Python keeps memory that it used once. A second crowd takes no more.
    async with crowd(place, number, "earlier"):
        pass
    place.rebase()
    place.loaded = True
    async with crowd(place, number) as clients:
        for client in clients:
            client.cut()
        if not await place.until(lambda: len(place.history.blackouts) >= len(clients), 60):
            place.history.wrong(f"{len(place.history.blackouts)} were back within 60 s")
        place.note(f"{len(clients)} at once")


@fault(only_full=True)
async def rolling_restart_of_500(place: Place) -> None:
    """Both processes restart, one after the other, with 500 clients: their blackout."""
    async with crowd(place, 500) as clients:
        for process in place.processes:
            await place.restart(process, signal.SIGTERM)
            await place.until(lambda: all(client.open for client in clients), 30)
            await place.pause(2)


@fault(World(redis=False, processes=1), only_full=True)
async def single_restart_of_500(place: Place) -> None:
    """A single process restarts with 500 clients: their blackout is its start and theirs."""
    async with crowd(place, 500) as clients:
        began = time.monotonic()
        await place.restart(place.processes[0], signal.SIGTERM)
        place.note(f"no process for {time.monotonic() - began:.1f} s")
        await place.until(lambda: all(client.open for client in clients), 30)
        await place.pause(2)
