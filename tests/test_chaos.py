"""The short schedule of tests/chaos, with real faults. `make chaos` runs the full one."""

import asyncio
import resource

import pytest

from tests.chaos.fault import run_all
from tests.chaos.faults import FAULTS
from tests.chaos.place import World
from tests.chaos.tutorial import run_tutorial

SHORT = [fault for fault in FAULTS if not fault.only_full]
WORLDS = list(dict.fromkeys(fault.world for fault in SHORT))

# Runs one site at a time: time limits hold next to other tests, but not next to another crowd. It
# mostly waits, so other workers get the processor.
pytestmark = pytest.mark.xdist_group("chaos")


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_nothing_is_lost(world: World) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    faults = [fault for fault in SHORT if fault.world == world]
    results = asyncio.run(run_all(faults, seed=1, full=False, tell=print))
    broken = [str(result) for result in results if result.violations]
    assert not broken, "\n".join(broken)


def test_checker_finds_the_tutorials_losses() -> None:
    result = asyncio.run(run_tutorial(seed=1))
    assert result.lost > 0, str(result)
    assert result.violations
