"""Random polls, votes and closings for the convergence test."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID


def command(rng: random.Random, room: int, messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    polls = [message["id"] for message in messages if "poll" in message]
    if polls and rng.random() < 0.8:
        if rng.random() < 0.1:
            return {"type": "close", "message": rng.choice(polls)}
        choices = rng.sample(range(4), rng.choice([0, 1, 1, 1, 2]))
        return {"type": "vote", "message": rng.choice(polls), "choices": choices}
    return {
        "type": "send",
        "room": room,
        "cid": str(UUID(int=rng.getrandbits(128), version=4)),
        "body": f"Which one? {rng.random()}",
        "poll": {
            "choices": [f"{n}" for n in range(rng.randint(2, 4))],
            "multiple": rng.random() < 0.5,
            "anonymous": rng.random() < 0.3,
        },
    }
