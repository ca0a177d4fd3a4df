"""Followers and handlers that write down what they were given, a line of JSON each.

A message's text says what happens to it: "sleep" and "nap" take a while, "poison" fails. So does a
row's key.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rooms.following.follower import Changes, Follower, Handler, Row

# Seconds.
SLEEPS = {"sleep": 5.0, "nap": 2.0}
# A file in the data folder: with it nothing fails any more.
CURED = "cured"


def _folder() -> Path:
    return Path(os.environ["DATA_DIR"])


def write(name: str, *what: Any) -> None:
    """Appended in one piece, and there after `kill -9`."""
    line = json.dumps([os.getpid(), time.time(), *what]) + "\n"
    with (_folder() / f"{name}.jsonl").open("ab", buffering=0) as file:
        file.write(line.encode())


def read(folder: Path, name: str) -> list[list[Any]]:
    """The lines of a follower or handler: the process, the time, and what it was given."""
    file = folder / f"{name}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


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
        if "poison" in bodies and not (_folder() / CURED).exists():
            raise ValueError("cannot be followed")


class Doer(Handler):
    name = "doer"
    max_tries = 3

    def run(self, row: Row) -> None:
        write(self.name, row.key, row.tries)
        time.sleep(SLEEPS.get(row.key, 0))
        if row.key == "poison" and not (_folder() / CURED).exists():
            raise ValueError("cannot be done")
        write("done", row.key)
