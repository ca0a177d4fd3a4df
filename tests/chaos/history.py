"""Everything that the clients of a run sent and saw, and all violations."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Frame = dict[str, Any]


class Said(NamedTuple):
    """A message in a client or in the database."""

    id: int
    seq: int
    version: int
    author: int
    cid: str
    body: str
    deleted: bool
    edited: bool
    reactions: frozenset[tuple[str, int]]

    @classmethod
    def of(cls, message: Frame) -> "Said":
        reactions = (
            (r["emoji"], user) for r in message.get("reactions", ()) for user in r["people"]
        )
        return cls(
            message["id"],
            message["seq"],
            message["version"],
            message["author"]["id"],
            message["cid"],
            message["body"],
            message.get("deleted", False),
            "edited_at" in message,
            frozenset(reactions),
        )


@dataclass(eq=False)
class Attempt:
    """One message to send, over any number of tries."""

    client: str
    user: int
    cid: str
    room: int
    body: str
    began: float = field(default_factory=time.monotonic)
    tries: int = 0
    ack: Frame | None = None
    acked_at: float = 0.0
    refused: str | None = None
    # Acked before a backup was restored.
    of_another_life: bool = False


class History:
    """Shared by all clients of a site."""

    def __init__(self) -> None:
        self.attempts: dict[tuple[int, str], Attempt] = {}
        self.edits: list[tuple[str, int, int, str]] = []  # epoch, message, version, body: acked
        self.facts: dict[tuple[str, int, int], Said] = {}  # epoch, message, version
        self.blackouts: list[float] = []  # seconds from a close until caught up
        self.violations: list[str] = []
        self.on_ack: Callable[[Attempt], None] = lambda attempt: None

    def wrong(self, what: str) -> None:
        self.violations.append(what)

    def saw(self, who: str, epoch: str, message: Frame) -> Said:
        """Records a message and returns it. All clients with this version must see the same."""
        said = Said.of(message)
        known = self.facts.setdefault((epoch, said.id, said.version), said)
        if known != said:
            self.wrong(f"{who}: one version, two states: {known} and {said}")
        attempt = self.attempts.get((said.author, said.cid))
        if attempt is not None and attempt.ack is not None and not attempt.of_another_life:
            self._agree(who, attempt, said)
        return known

    def _agree(self, who: str, attempt: Attempt, said: Said) -> None:
        ack = attempt.ack
        assert ack is not None
        if (ack["id"], ack["seq"]) != (said.id, said.seq) or said.version < ack["version"]:
            self.wrong(f"{who}: {said} is not what was acked: {ack}")
        elif said.body != attempt.body and not (said.edited or said.deleted):
            self.wrong(f"{who}: {said.body!r} was sent as {attempt.body!r}")
