"""Writes the results to docs/reliability.md."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.checker import Result
from tests.chaos.faults import FAULTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
HEAD = (
    "| fault | site | clients | sent | acked | lost | doubled | reordered | all equal after "
    "| more |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def write(results: Sequence[Result], command: str) -> None:
    """Replaces the previous results."""
    before, _begin, rest = PAGE.read_text().partition(BEGIN)
    _old, _end, after = rest.partition(END)
    broken = sum(bool(result.violations) for result in results if result.fault != "the-tutorial")
    said = "none broke a promise" if not broken else f"{broken} broke a promise"
    lines = [
        BEGIN,
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}: {len(results) - 1} runs, {said}.",
        "",
        *HEAD,
        *map(_row, results),
        END,
    ]
    PAGE.write_text(before + "\n".join(lines) + after)


def _row(result: Result) -> str:
    purposes = {fault.name: fault.purpose.rstrip(".") for fault in FAULTS}
    converged = "never" if result.converged is None else f"{result.converged:.1f} s"
    cells = [
        purposes.get(result.fault, "**the Channels tutorial**, the same checker"),
        result.world,
        result.clients,
        f"{result.sent:,}",
        f"{result.acked:,}",
        result.lost,
        result.doubled,
        result.reordered,
        converged if result.fault in purposes else "never",
        "; ".join(
            result.notes + ["**broken**"] * (bool(result.violations) and result.fault in purposes)
        ),
    ]
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"
