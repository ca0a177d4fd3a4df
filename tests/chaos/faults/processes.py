"""Processes that end, on purpose or not."""

import asyncio
import signal
import time

from tests.chaos.fault import fault
from tests.chaos.place import Place, World

DAPHNE = World(server="daphne")
POSTGRES = World(database="postgres")
# What the server promises on SIGTERM.
END_WITHIN = 10.0


@fault(World(), POSTGRES, DAPHNE)
async def kill_9(place: Place) -> None:
    """kill -9 of a process at random moments."""
    for _ in range(place.pick(3, 50)):
        await place.pause(0.2, 1.5)
        await place.restart(place.random.choice(place.processes))


async def end_in_order(place: Place, number: int) -> None:
    """SIGTERM to one process; it ends in time and without an error. Then it starts again."""
    process = place.processes[number]
    began = time.monotonic()
    await place.end(process, signal.SIGTERM)
    took = time.monotonic() - began
    if took > END_WITHIN or process.process.returncode not in {0, -signal.SIGTERM}:
        place.history.wrong(f"SIGTERM took {took:.1f} s: {process.process.returncode}")
    await asyncio.to_thread(process.start)


@fault()
async def sigterm_under_load(place: Place) -> None:
    """SIGTERM while people write."""
    for _ in range(place.pick(1, 10)):
        await place.pause(0.3, 1.0)
        byes, open_sockets = sum(c.byes for c in place.clients), len(place.proxies[0].connections)
        await end_in_order(place, 0)
        if (told := sum(c.byes for c in place.clients) - byes) < open_sockets:
            place.history.wrong(f"bye reached {told} of {open_sockets} sockets")


@fault()
async def sigterm_after_connect(place: Place) -> None:
    """SIGTERM within a second of connects, while handshakes are on their way."""
    for _ in range(place.pick(2, 10)):
        for proxy in place.proxies:
            proxy.cut()
        await place.pause(0.0, 0.9)
        await end_in_order(place, place.random.randrange(2))


@fault()
async def rolling_restart(place: Place) -> None:
    """Both processes are restarted, one after the other."""
    for _ in range(place.pick(1, 5)):
        for number in (0, 1):
            await end_in_order(place, number)
            await place.pause(0.5)
