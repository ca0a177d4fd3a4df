"""Redis dies, hangs, forgets, throws out."""

import asyncio
import signal
import time

from tests.chaos.checker import reach
from tests.chaos.fault import fault
from tests.chaos.place import Place

# For about this long after Redis is back a publish succeeds and may reach nobody.
BLIND = 1.5


async def _killed(place: Place, seconds: float) -> None:
    """Meanwhile people on two processes still talk."""
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
    """Redis killed and back at once."""
    await _killed(place, 0)


@fault()
async def redis_killed(place: Place) -> None:
    """Redis killed and back after 5 s."""
    await _killed(place, 5)


@fault(only_full=True)
async def redis_away_for_a_minute(place: Place) -> None:
    """Redis killed and back after 60 s."""
    await _killed(place, 60)


@fault()
async def redis_frozen(place: Place) -> None:
    """Redis stops answering, with its connections open, for 30 s."""
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
    """CLIENT KILL TYPE pubsub: frames on their way are gone, the connection too."""
    for _ in range(place.pick(4, 40)):
        place.command("CLIENT", "KILL", "TYPE", "pubsub")
        await place.pause(0.2, 0.8)


@fault()
async def redis_at_its_output_limit(place: Place) -> None:
    """Redis throws subscribers out for whom more than a few bytes wait."""
    limit = "client-output-buffer-limit"
    place.command("CONFIG", "SET", limit, "pubsub 1 1 1")
    try:
        await place.pause(place.pick(2, 15))
    finally:
        place.command("CONFIG", "SET", limit, "pubsub 33554432 8388608 60")
    await asyncio.sleep(BLIND)
