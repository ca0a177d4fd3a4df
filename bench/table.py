"""Formats the results: figures are medians of the rounds, ratios are taken within a round."""

import platform
from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from pathlib import Path
from statistics import median

from bench.workloads import ACKED, IDLE, NOTHING, PACED, PAGE, SATURATED, STORM, Result

COUNTS = {"lost", "doubled", "reordered", "gone", "errors", "stalls"}

Rounds = list[list[Result]]


def middle(rounds: Rounds) -> list[Result]:
    """One row for each design and workload: medians, and sums for figures that should be 0."""
    rows: dict[tuple[str, str], list[Result]] = {}
    for result in (result for results in rounds for result in results):
        rows.setdefault((result.workload, result.design), []).append(result)
    return [_middle(results) for results in rows.values()]


def _middle(results: list[Result]) -> Result:
    row = Result(results[0].design, results[0].workload, results[0].clients)
    for name in [field.name for field in fields(Result)][3:]:
        values = [value for result in results if (value := getattr(result, name)) is not None]
        if values:
            value = sum(values) if name in COUNTS else round(median(values), 4)
            setattr(row, name, value)
    return row


def machine() -> str:
    """The date, machine and Python version."""
    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return (
        f"{date.today()}, {len(names)} cores of {names[0] if names else 'an unknown CPU'}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def tables(rounds: Rounds, product: str) -> Iterable[str]:
    """Lines of text. Ratios say how many times better the product is.

    The ratio of CPU time per delivery stays valid when other work uses the same cores.
    """
    rows = middle(rounds)
    for name in dict.fromkeys(row.workload for row in rows):
        yield f"\n{name}"
        head = [
            "design",
            "delivered/s",
            "ratio",
            "acked/s",
            "p50 ms",
            "p99 ms",
            "µs/delivery",
            "ratio",
        ]
        head += ["server", "redis", "load", "lost/doubled/reordered", "else"]
        lines = [head]
        for row in (row for row in rows if row.workload == name):
            ratio = _ratio(rounds, product, row.design, name, "delivered_per_s")
            cost = _ratio(rounds, row.design, product, name, "cpu_us_per_delivery")
            lines.append(
                [
                    row.design,
                    _number(row.delivered_per_s),
                    _number(ratio, 2),
                    _number(row.acked_per_s),
                    _number(row.p50_ms, 2),
                    _number(row.p99_ms, 2),
                    _number(row.cpu_us_per_delivery, 2),
                    _number(cost, 2),
                    *map(_share, (row.server_cpu, row.redis_cpu, row.generator_cpu)),
                    f"{row.lost}/{row.doubled}/{row.reordered}",
                    _else(row),
                ]
            )
        yield from _columns(lines)


def _else(row: Result) -> str:
    parts = []
    if row.kb_per_connection is not None:
        parts.append(f"{row.kb_per_connection:.1f} KB a connection")
    if row.connect_s is not None:
        parts.append(f"all in after {row.connect_s:.2f} s")
    if row.requests_per_s is not None:
        parts.append(f"{row.requests_per_s:.0f} requests/s")
    for name in ("gone", "errors", "stalls"):
        if getattr(row, name):
            parts.append(f"{getattr(row, name)} {name}")
    return ", ".join(parts)


def _columns(lines: list[list[str]]) -> Iterable[str]:
    used = [n for n in range(len(lines[0])) if any(line[n] for line in lines[1:])]
    widths = [max(len(line[n]) for line in lines) for n in used]
    for line in lines:
        cells = [
            line[n].ljust(width) if n in {0, len(line) - 1} else line[n].rjust(width)
            for n, width in zip(used, widths, strict=True)
        ]
        yield "  " + "  ".join(cells).rstrip()


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}" if value < 0.1 else f"{value:.0%}"


def _ratio(rounds: Rounds, one: str, other: str, workload: str, figure: str) -> float | None:
    """`one`'s figure divided by `other`'s: the median over the rounds."""
    ratios = []
    for results in rounds:
        values = {r.design: getattr(r, figure) for r in results if r.workload == workload}
        if values.get(one) is not None and values.get(other):
            ratios.append(values[one] / values[other])
    return median(ratios) if ratios else None


class Targets:
    """The performance targets, next to the measured figures."""

    def __init__(self, rounds: Rounds, product: str, on_postgres: str) -> None:
        self.rounds, self.product, self.on_postgres = rounds, product, on_postgres
        self.rows = {(row.design, row.workload): row for row in middle(rounds)}
        self.lines = [["target", "wanted", "measured", ""]]

    def text(self) -> Iterable[str]:
        aiohttp = ["aiohttp + redis, a subscription each", "aiohttp + redis, fan-out"]
        wanted = ((2, 1.5, 25), (4, 3, 50), (6, 5, 100))
        for workload, (socketio, best, tutorial) in zip(SATURATED, wanted, strict=True):
            self.times(workload.name, socketio, ["socket.io + redis adapter"])
            self.times(workload.name, best, aiohttp)
            self.times(workload.name, tutorial, ["Channels tutorial, pub/sub layer"])
        for design, least in ((self.product, 5000), (self.on_postgres, 3000)):
            if row := self.rows.get((design, ACKED.name)):
                self.line(f"acked/s, {design}", f"{least:,}", row.acked_per_s, least, above=True)
        for workload in PACED:
            other = self.rows.get(("socket.io + redis adapter", workload.name))
            row = self.rows.get((self.product, workload.name))
            if row and other and other.p99_ms:
                name = f"p99 ms, {workload.name}"
                self.line(name, f"socket.io's {other.p99_ms:.2f}", row.p99_ms, other.p99_ms)
        if row := self.rows.get((self.product, IDLE.name)):
            self.line("KB for an idle connection", "under 45", row.kb_per_connection, 45)
            share = None if row.server_cpu is None else row.server_cpu * 100
            self.line("idle CPU, % of a core", "under 1", share, 1)
        if row := self.rows.get((self.product, STORM.name)):
            gone = f" ({row.gone} not)" if row.gone else ""
            self.line(f"{STORM.name}, s until all are in{gone}", "under 3", row.connect_s, 3)
        page = _ratio_of_pages(self.rounds, self.product)
        if page is not None:
            self.line("room pages/s, of a view that does nothing", "0.5", page, 0.5, above=True)
        if len(self.lines) > 1:
            yield "\ntargets"
            yield from _columns(self.lines)

    def times(self, workload: str, least: float, others: list[str]) -> None:
        """Compares with the best of the others."""
        ratios = [
            ratio
            for other in others
            if (ratio := _ratio(self.rounds, self.product, other, workload, "delivered_per_s"))
        ]
        if ratios:
            name = f"{workload}: times {others[0].split(',')[0]}"
            name = name if len(others) > 1 else f"{workload}: times {others[0]}"
            self.line(name, f"{least:g}", min(ratios), least, above=True)

    def line(
        self, name: str, wanted: str, value: float | None, limit: float, above: bool = False
    ) -> None:
        if value is not None:
            reached = value >= limit if above else value <= limit
            self.lines.append([name, wanted, f"{value:,.2f}", "reached" if reached else "NOT"])


def _ratio_of_pages(rounds: Rounds, product: str) -> float | None:
    ratios = []
    for results in rounds:
        values = {r.workload: r.requests_per_s for r in results if r.design == product}
        page, nothing = values.get(PAGE.name), values.get(NOTHING)
        if page is not None and nothing:
            ratios.append(page / nothing)
    return median(ratios) if ratios else None
