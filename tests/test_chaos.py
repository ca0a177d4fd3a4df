"""The short schedule of tests/chaos: real faults on real processes. The long is `make chaos`."""

import asyncio
import resource

import pytest

from tests.chaos.fault import run_all
from tests.chaos.faults import FAULTS
from tests.chaos.place import World
from tests.chaos.tutorial import run_tutorial

SHORT = [fault for fault in FAULTS if not fault.only_full]
WORLDS = list(dict.fromkeys(fault.world for fault in SHORT))

# One place after the other: what is promised in seconds holds beside other tests, not beside
# another crowd. Nearly all of it is waiting, so the other workers have the processor.
pytestmark = pytest.mark.xdist_group("chaos")


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_nothing_is_lost(world: World) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    faults = [fault for fault in SHORT if fault.world == world]
    results = asyncio.run(run_all(faults, seed=1, full=False, tell=print))
    broken = [str(result) for result in results if result.violations]
    assert not broken, "\n".join(broken)


def test_the_checker_finds_what_the_tutorial_loses() -> None:
    result = asyncio.run(run_tutorial(seed=1))
    assert result.lost > 0, str(result)
    assert result.violations
