"""Followers and handlers that write down what they were given, a line of JSON each.

A message's text says what happens to it: "sleep" and "nap" take a while, "poison" fails. So does a
row's key.
"""

import time
from collections.abc import Sequence

from rooms.following.follower import Changes, Follower, Handler, Row
from tests.recording.lines import CURED, folder, write

# Seconds.
SLEEPS = {"sleep": 3.0, "nap": 2.0}


class Recorder(Follower):
    name = "recorder"
    every = 0.0

    def follow(self, changes: Sequence[Changes]) -> None:
        for change in changes:
            rows = list(change.messages().values_list("id", "version", "body"))
            self.look_at([body for _id, _version, body in rows])
            write(self.name, change.room, change.after, change.to, rows)

    def look_at(self, bodies: list[str]) -> None:
        pass


class Latecomer(Recorder):
    name = "latecomer"
    from_the_beginning = False


class Sleeper(Recorder):
    name = "sleeper"

    def look_at(self, bodies: list[str]) -> None:
        for body in bodies:
            if body in SLEEPS:
                write("asleep")
                time.sleep(SLEEPS[body])


class Failer(Recorder):
    name = "failer"

    def look_at(self, bodies: list[str]) -> None:
        if "poison" in bodies and not (folder() / CURED).exists():
            raise ValueError("cannot be followed")


class Doer(Handler):
    name = "doer"
    max_tries = 3

    def run(self, row: Row) -> None:
        write(self.name, row.key, row.tries)
        time.sleep(SLEEPS.get(row.key, 0))
        if row.key == "poison" and not (folder() / CURED).exists():
            raise ValueError("cannot be done")
        write("done", row.key)
