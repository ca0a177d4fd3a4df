"""How much one person may ask of one process.

A token bucket (https://en.wikipedia.org/wiki/Token_bucket) for each person, over all their sockets:
a command takes a token, `SEND_RATE` come back in a second, up to `SEND_BURST`.
"""

import time

from django.conf import settings

# A browser has one socket for each tab.
MAX_SOCKETS = 10
# Commands refused one after the other, by somebody who does not wait as told.
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


_buckets: dict[int, Bucket] = {}


def bucket_of(person_id: int) -> Bucket:
    """The person's, also after a reconnect."""
    bucket = _buckets.get(person_id)
    if bucket is None:
        if len(_buckets) >= MAX_KNOWN:
            for known in [id for id, bucket in _buckets.items() if bucket.full]:
                del _buckets[known]
        bucket = _buckets[person_id] = Bucket(settings.CHAT_SEND_RATE, settings.CHAT_SEND_BURST)
    return bucket
