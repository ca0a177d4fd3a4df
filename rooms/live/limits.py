"""How much one person may ask of one process.

A token bucket (https://en.wikipedia.org/wiki/Token_bucket) for each person, over all their sockets:
a command takes a token, `SEND_RATE` come back in a second, up to `SEND_BURST`.
"""

import time

from rooms.conf import conf

# A browser has one socket for each tab.
MAX_SOCKETS = 10
# Commands refused in a row, to somebody who does not wait as told.
MAX_REFUSED = 200
# People whose use is known; beyond that, full buckets are forgotten.
MAX_KNOWN = 1000


class Bucket:
    """What a person may still ask for."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = burst
        self._at = time.monotonic()
        self.refused = 0  # in a row

    def take(self) -> float:
        """0.0 and a token is gone, or the seconds after which there is one again."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            self.refused = 0
            return 0.0
        self.refused += 1
        return (1 - self._tokens) / self._rate

    @property
    def full(self) -> bool:
        return self._tokens + (time.monotonic() - self._at) * self._rate >= self._burst


class Limits:
    """The buckets of the people who use this process."""

    def __init__(self) -> None:
        self._buckets: dict[int, Bucket] = {}

    def bucket_of(self, person_id: int) -> Bucket:
        """The person's, also after a reconnect."""
        if person_id not in self._buckets:
            if len(self._buckets) >= MAX_KNOWN:
                for known in [id for id, bucket in self._buckets.items() if bucket.full]:
                    del self._buckets[known]
            self._buckets[person_id] = Bucket(conf.SEND_RATE, conf.SEND_BURST)
        return self._buckets[person_id]
