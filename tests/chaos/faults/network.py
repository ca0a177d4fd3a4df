"""A bad network between clients and processes."""

from tests.chaos.fault import fault
from tests.chaos.place import Place


@fault()
async def connections_cut(place: Place) -> None:
    """All connections cut at random moments."""
    for _ in range(place.pick(4, 40)):
        await place.pause(0.1, 0.8)
        place.random.choice(place.proxies).cut()


@fault()
async def cut_before_ack(place: Place) -> None:
    """Connections cut between COMMIT and ack: what is sent arrives, no answer does."""
    for _ in range(place.pick(4, 40)):
        await place.pause(0.3, 0.8)
        proxy = place.random.choice(place.proxies)
        proxy.swallow(up=False, down=True)
        await place.pause(0.2, 0.6)
        proxy.cut()
    again = [a for a in place.history.attempts.values() if a.tries > 1 and a.ack]
    place.note(f"{len(again)} sent again")
