"""Redis dies, hangs, loses its data, or disconnects clients."""

import asyncio
import signal
import time

from tests.chaos.checker import reach
from tests.chaos.fault import fault
from tests.chaos.place import Place

# After Redis is back, a publish may succeed and reach nobody for about this long.
BLIND = 1.5


async def _killed(place: Place, seconds: float) -> None:
    """Checks that people on two processes can still talk meanwhile."""
    assert place.redis is not None
    place.redis.end()
    began = time.monotonic()
    if seconds:
        took = await reach(place, place.clients)
        if took is None:
            place.history.wrong("with Redis away a message did not reach all")
        else:
            place.note(f"without Redis a message took {took:.1f} s")
    await asyncio.sleep(max(0, seconds - (time.monotonic() - began)))
    await asyncio.to_thread(place.redis.start)
    await asyncio.sleep(BLIND)


@fault()
async def redis_restarted(place: Place) -> None:
    """Redis is killed and restarted at once."""
    await _killed(place, 0)


@fault()
async def redis_killed(place: Place) -> None:
    """Redis is killed and restarted after 5 s."""
    await _killed(place, 5)


@fault(only_full=True)
async def redis_away_for_a_minute(place: Place) -> None:
    """Redis is killed and restarted after 60 s."""
    await _killed(place, 60)


@fault()
async def redis_frozen(place: Place) -> None:
    """Redis stops responding for 30 s, with its connections open."""
    assert place.redis is not None
    began = time.monotonic()
    place.redis.send(signal.SIGSTOP)
    try:
        await place.pause(place.pick(4, 30))
    finally:
        place.redis.send(signal.SIGCONT)
    place.note_acks(since=time.monotonic() - began)
    await asyncio.sleep(BLIND)


@fault()
async def redis_flushed(place: Place) -> None:
    """FLUSHALL."""
    for _ in range(place.pick(2, 20)):
        place.command("FLUSHALL")
        await place.pause(0.2, 0.8)


@fault()
async def subscribers_killed(place: Place) -> None:
    """CLIENT KILL TYPE pubsub: frames in flight and the connection are lost."""
    for _ in range(place.pick(4, 40)):
        place.command("CLIENT", "KILL", "TYPE", "pubsub")
        await place.pause(0.2, 0.8)


@fault()
async def redis_at_its_output_limit(place: Place) -> None:
    """Redis disconnects subscribers with more than a few bytes queued."""
    limit = "client-output-buffer-limit"
    place.command("CONFIG", "SET", limit, "pubsub 1 1 1")
    try:
        await place.pause(place.pick(2, 15))
    finally:
        place.command("CONFIG", "SET", limit, "pubsub 33554432 8388608 60")
    await asyncio.sleep(BLIND)
