"""Failures of the code and wrong clocks."""

from tests.chaos import inject
from tests.chaos.fault import fault
from tests.chaos.place import Place, World

# Adds an hour to every clock in the second process.
HOUR_AHEAD = """
import datetime, time
_time = time.time
time.time = lambda: _time() + 3600
class _Ahead(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(hours=1)
    @classmethod
    def utcnow(cls):
        return super().utcnow() + datetime.timedelta(hours=1)
datetime.datetime = _Ahead
"""


@fault(World(site_code=HOUR_AHEAD))
async def clock_an_hour_off(place: Place) -> None:
    """The clock of one process is an hour ahead."""
    await place.pause(place.pick(2, 20))
    moments = place.database.execute(
        "SELECT max(julianday(created_at)) - min(julianday(created_at)) FROM rooms_message"
    )
    hours = moments[0][0] * 24
    place.note(f"timestamps span {hours:.2f} h")
    if hours < 1:
        place.history.wrong("the clocks were the same: this fault tests nothing")


INJECTED = [
    (
        r"Broken|CancelledError: (ChatConsumer|Process|Groups|Writer)|StopConsumer",
        "injected, or caused by it",
    )
]


@fault(World(settings=inject.SETTINGS), allowed=INJECTED)
async def exceptions_and_cancellations(place: Place) -> None:
    """An exception or a cancellation at each await of the consumer and the writer, in turn."""
    for _ in range(place.pick(8, 60)):
        await place.pause(0.5)
        # Connecting and disconnecting passes the awaits of opening and closing.
        place.random.choice(place.clients).cut()
    (place.site.folder / inject.ENOUGH).touch()
    done = [
        line.split(" × ", 1)
        for file in place.site.folder.glob("broken-*.txt")
        for line in file.read_text().splitlines()
    ]
    places = {what.rpartition(" at ")[2] for _times, what in done}
    place.note(f"{sum(int(times) for times, _what in done)} injected at {len(places)} awaits")
    if not any("Writer" in name for name in places):
        place.history.wrong("nothing was injected into the writer: this fault tests nothing")
