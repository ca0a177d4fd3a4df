"""Processes that stop, intended or not."""

import asyncio
import signal
import time
from itertools import pairwise

from tests.chaos.fault import fault
from tests.chaos.place import Place, World
from tests.recording.lines import read

DAPHNE = World(server="daphne")
POSTGRES = World(database="postgres")
# A short lease, so that it changes hands often.
FOLLOWING = 'INSTALLED_APPS += ["tests.recording.Recording"]\nCHAT_LEASE = 2.0\n'
# The time limit for shutting down on SIGTERM.
END_WITHIN = 10.0


@fault(World(), POSTGRES, DAPHNE)
async def kill_9(place: Place) -> None:
    """kill -9 of a process at random moments."""
    for _ in range(place.pick(3, 50)):
        await place.pause(0.2, 1.5)
        await place.restart(place.random.choice(place.processes))


async def _next_bite(place: Place) -> None:
    bites = len(read(place.site.folder, "recorder"))
    await place.until(lambda: len(read(place.site.folder, "recorder")) > bites, 5)


@fault(World(settings=FOLLOWING), World(database="postgres", settings=FOLLOWING))
async def kill_9_of_followers(place: Place) -> None:
    """kill -9 of the process that runs the followers, while it follows and rows become due."""
    folder = place.site.folder
    for number in range(place.pick(4, 30)):
        rows = {f"{number}.{n}": place.random.uniform(0, 4) for n in range(10)}
        await place.run("tests.programs.following:schedule", rows)
        place.scheduled |= rows.keys()
        # In the middle of a batch, as often as not.
        await _next_bite(place)
        await place.pause(0, place.random.choice([0.003, 1.0]))
        following = read(folder, "recorder")[-1][0]
        victims = [p for p in place.processes if p.process.pid == following]
        await place.restart(victims[0] if victims else place.random.choice(place.processes))
    pids = [line[0] for line in read(folder, "recorder")]
    changes = sum(one != other for one, other in pairwise(pids))
    place.note(f"taken over {changes} times")
    if not changes:
        place.history.wrong("nobody took over: this fault tests nothing")


async def end_in_order(place: Place, number: int) -> None:
    """Sends SIGTERM to one process, which must end in time and without errors, and restarts it."""
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
    """SIGTERM within a second of connects, during handshakes."""
    for _ in range(place.pick(2, 10)):
        for proxy in place.proxies:
            proxy.cut()
        await place.pause(0.0, 0.9)
        await end_in_order(place, place.random.randrange(2))


@fault()
async def rolling_restart(place: Place) -> None:
    """Both processes restart, one after the other."""
    for _ in range(place.pick(1, 5)):
        for number in (0, 1):
            await end_in_order(place, number)
            await place.pause(0.5)
