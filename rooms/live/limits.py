"""Limits on one person's use of one process.

A token bucket (https://en.wikipedia.org/wiki/Token_bucket) for each person, shared by all their
sockets: each command takes a token, and `SEND_RATE` are added per second, up to `SEND_BURST`.
"""

import time

from rooms.conf import conf

# A browser has one socket for each tab.
MAX_SOCKETS = 10
# Consecutive refused commands, from somebody who ignores retry_after.
MAX_REFUSED = 200
# Number of buckets to keep. Beyond it, full buckets are dropped.
MAX_KNOWN = 1000


class Bucket:
    """The remaining tokens of a person."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = burst
        self._at = time.monotonic()
        self.refused = 0  # consecutive

    def take(self) -> float:
        """Takes a token and returns 0.0, or returns the seconds until there is one."""
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
    """The buckets of the people using this process."""

    def __init__(self) -> None:
        self._buckets: dict[int, Bucket] = {}

    def bucket_of(self, person_id: int) -> Bucket:
        """Returns the person's bucket, which survives reconnects."""
        if person_id not in self._buckets:
            if len(self._buckets) >= MAX_KNOWN:
                for known in [id for id, bucket in self._buckets.items() if bucket.full]:
                    del self._buckets[known]
            self._buckets[person_id] = Bucket(conf.SEND_RATE, conf.SEND_BURST)
        return self._buckets[person_id]
