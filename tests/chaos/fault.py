"""Defines faults and runs them."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.chaos.checker import Result, Watch, converge, count, followed, invariants, probe
from tests.chaos.place import Place, World, open_place

Strike = Callable[[Place], Awaitable[None]]
Allowed = Sequence[tuple[str, str]]

SHORT_CLIENTS, FULL_CLIENTS = 9, 24


@dataclass(frozen=True)
class Fault:
    """Breaks something while people talk."""

    name: str
    strike: Strike
    world: World
    allowed: Allowed  # (pattern of a traceback's last line and location, reason to allow it)
    only_full: bool

    @property
    def purpose(self) -> str:
        return (self.strike.__doc__ or "").strip().split("\n")[0]


FAULTS: list[Fault] = []


def fault(
    *worlds: World, allowed: Allowed = (), only_full: bool = False
) -> Callable[[Strike], Strike]:
    """Adds a function to the schedule, once for each world. It returns when the fault is over."""

    def put(strike: Strike) -> Strike:
        name = strike.__name__.replace("_", "-")
        for world in worlds or (World(),):
            FAULTS.append(Fault(name, strike, world, allowed, only_full))
        return strike

    return put


async def run(place: Place, fault: Fault, seed: int) -> Result:
    """Runs the load and the fault, and checks the outcome."""
    history = place.history
    began, known = time.monotonic(), len(history.attempts)
    place.notes.clear()
    history.violations.clear()
    history.blackouts.clear()
    result = Result(fault.name, seed, str(fault.world), len(place.clients))
    place.loaded = True
    await asyncio.sleep(place.pick(1, 3))
    watch = Watch(place)
    place.rebase = watch.rebase
    try:
        await fault.strike(place)
    except Exception:
        history.wrong(f"the fault itself failed: {traceback.format_exc()}")
    place.loaded = False
    result.converged = await converge(place, place.clients)
    if result.converged is not None:
        await probe(place)
        await converge(place, place.clients)
    truth = place.database.read()
    invariants(history, truth)
    count(history, truth, list(history.attempts.values())[known:], result)
    watch.tracebacks(fault.allowed)
    await watch.resources()
    result.seconds = time.monotonic() - began
    result.notes = list(place.notes)
    result.violations = list(history.violations)
    return result


async def run_all(
    faults: Sequence[Fault], seed: int, full: bool, tell: Callable[[Result], None]
) -> list[Result]:
    """Runs every fault. In the full schedule each gets its own site; the short one shares them."""
    results = []
    groups: list[list[Fault]] = []
    if full:
        groups = [[fault] for fault in faults]
    else:
        worlds = list(dict.fromkeys(fault.world for fault in faults))
        groups = [[fault for fault in faults if fault.world == world] for world in worlds]
    for group in groups:
        clients = FULL_CLIENTS if full else SHORT_CLIENTS
        async with open_place(group[0].world, seed, full, clients) as place:
            for fault in group:
                result = await run(place, fault, seed)
                if fault is group[-1]:
                    await followed(place)
                    result.violations = list(place.history.violations)
                    await verify(place, result)
                results.append(result)
                tell(result)
    return results


async def verify(place: Place, result: Result) -> None:
    """Checks that the product's own `manage.py verify` finds no problems."""
    done = await asyncio.to_thread(place.site.manage, "verify")
    if done.returncode and "Unknown command" not in done.stderr:
        result.violations.append(f"manage.py verify: {done.stdout} {done.stderr}")
