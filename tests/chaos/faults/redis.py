"""Redis dies, hangs, forgets, throws out."""

import asyncio

from tests.chaos.fault import fault
from tests.chaos.place import Place


async def _killed(place: Place, seconds: float) -> None:
    assert place.redis is not None
    place.redis.end()
    await place.pause(seconds)
    await asyncio.to_thread(place.redis.start)
    place.note(f"away for {seconds:.0f} s")


@fault()
async def redis_restarted(place: Place) -> None:
    """Redis killed and back at once."""
    await _killed(place, 0)


@fault()
async def redis_killed(place: Place) -> None:
    """Redis killed and back after 5 s."""
    await _killed(place, place.pick(3, 5))
