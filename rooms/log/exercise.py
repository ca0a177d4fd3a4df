"""Random commands of the kernel: see `Capability.exercise`."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

EMOJI = ["👍", "❤️", "🎉"]


def command(rng: random.Random, room: int, messages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    kind = rng.choice(["send", "send", "send", "edit", "delete", "react", "react", "react"])
    if kind == "send" or not messages:
        cid = str(UUID(int=rng.getrandbits(128), version=4))
        frame = {"type": "send", "room": room, "cid": cid, "body": f"{rng.random()}"}
        if messages and rng.random() < 0.3:
            frame["reply_to"] = rng.choice(messages)["id"]
        return frame
    frame = {"type": kind, "message": rng.choice(messages)["id"]}
    if kind == "edit":
        frame["body"] = f"edited {rng.random()} {rng.choice(['', '@ada', '@bob'])}"
    elif kind == "react":
        frame |= {"emoji": rng.choice(EMOJI), "on": rng.random() < 0.7}
    return frame
