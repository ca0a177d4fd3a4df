"""python -m bench [--full] [--only WORD …] [--design WORD …] [--rounds N] [--seconds S] [--write]

Benchmarks the chat against its peers. Writes bench/results.json if nothing was left out.
Each server is one process on the first core; the generator, Redis and PostgreSQL are on the last.
Within a round, all designs run a workload before the next workload begins, so that drift affects
all alike.
"""

import argparse
import json
import os
import resource
import sys
from contextlib import ExitStack
from dataclasses import asdict

from bench.control import check_generator
from bench.designs import BENCH, PEERS, Cores, Peer, Services, compile_programs, make_log
from bench.product import Chat
from bench.table import Rounds, Targets, machine, middle, tables
from bench.workloads import (
    ACKED,
    IDLE,
    PACED,
    PAGE,
    PAGE_MESSAGES,
    ROOMS,
    STORM,
    WORKLOADS,
    Result,
    Workload,
    measure,
    measure_page,
)
from tests.services import postgres_cluster

CHAT = Chat("chatsite, SQLite FULL", "sqlite", ROOMS, PAGE_MESSAGES)
ON_POSTGRES = Chat("chatsite, PostgreSQL", "postgres", ROOMS, PAGE_MESSAGES)

# In a short round, slow measurements only cover the designs that are compared in them.
CLOSE = {"socket.io + redis adapter", "ws + redis", "aiohttp + redis, fan-out"}
PAGE_OF_DOCS = BENCH.parent / "docs" / "performance.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"
# Long enough for a heartbeat from every client. The peers' clients send none.
IDLE_SECONDS = 21.0


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def concerns(workload: Workload, design: Chat | Peer, full: bool) -> bool:
    if workload is ACKED:
        return isinstance(design, Chat)
    if design is ON_POSTGRES:
        return full and workload not in {IDLE, STORM}
    return full or design is CHAT or workload.mode == "closed" or design.name in CLOSE


def run_round(
    services: Services, designs: list[Chat | Peer], words: list[str], full: bool, seconds: float
) -> list[Result]:
    results: list[Result] = []

    def wanted(name: str) -> bool:
        return not words or any(word in name for word in words)

    with ExitStack() as stack:
        servers = {}
        for design in designs:
            servers[design.name] = stack.enter_context(design.serve(services))
        for workload in filter(lambda workload: wanted(workload.name), WORKLOADS):
            for design in designs:
                if not concerns(workload, design, full):
                    continue
                length = seconds * 2 if workload in PACED else seconds
                if workload is IDLE:
                    length = IDLE_SECONDS if design is CHAT else 1.0
                server = servers[design.name]
                result = measure(design.name, workload, server, services.cores, length)
                say("  " + brief(result))
                results.append(result)
        for design in designs:
            if isinstance(design, Chat) and wanted(PAGE.name) and (full or design is CHAT):
                for result in measure_page(design.name, servers[design.name], seconds):
                    say("  " + brief(result))
                    results.append(result)
    return results


def brief(result: Result) -> str:
    figures = {
        name: value
        for name, value in asdict(result).items()
        if value and name not in {"design", "workload", "clients"}
    }
    listed = ", ".join(f"{name} {value:,.4g}" for name, value in figures.items())
    return f"{result.workload} | {result.design}: {listed}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="three long rounds")
    parser.add_argument("--only", action="append", default=[], help="part of a workload's name")
    parser.add_argument("--design", action="append", default=[], help="part of a design's name")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="length of each measurement")
    parser.add_argument("--write", action="store_true", help="update docs/performance.md")
    options = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    cores = Cores.of_this_machine()
    if cores.server == cores.others:
        sys.exit("The benchmark needs two cores: one for the server, one for everything else.")
    # Redis, PostgreSQL and this process inherit this; servers are pinned separately.
    os.sched_setaffinity(0, {cores.others})
    compile_programs()
    check_generator(cores)
    every: list[Chat | Peer] = [CHAT, *PEERS, ON_POSTGRES]
    words = options.design
    designs = [d for d in every if not words or any(word in d.name for word in words)]
    log = make_log()
    say(f"{machine()}, load before the start {os.getloadavg()[0]:.1f} (quiet is under 0.3)")
    say(f"Servers log to {log}.")
    rounds: Rounds = []
    for number in range(options.rounds or (3 if options.full else 1)):
        say(f"\nround {number + 1}")
        with ExitStack() as stack:
            postgres = stack.enter_context(postgres_cluster()) if ON_POSTGRES in designs else None
            services = Services(cores, postgres, log)
            seconds = options.seconds or (5.0 if options.full else 3.0)
            rounds.append(run_round(services, designs, options.only, options.full, seconds))
    lines = [*tables(rounds, CHAT.name), *Targets(rounds, CHAT.name, ON_POSTGRES.name).text()]
    say("\n".join(lines))
    if not options.only and not options.design:
        rows = [asdict(row) for row in middle(rounds)]
        (BENCH / "results.json").write_text(json.dumps(rows, indent=1) + "\n")
        if options.write:
            command = "make bench-full" if options.full else "make bench"
            write_page(f"`{command}`, {machine()}, {len(rounds)} round(s)", lines)
    return 0


def write_page(what: str, lines: list[str]) -> None:
    """Replaces the results of the last run in docs/performance.md."""
    before, _begin, rest = PAGE_OF_DOCS.read_text().partition(BEGIN)
    _old, _end, after = rest.partition(END)
    text = "\n".join(
        [BEGIN, what, "", "```text", *"\n".join(lines).strip().splitlines(), "```", END]
    )
    PAGE_OF_DOCS.write_text(before + text + after)


if __name__ == "__main__":
    sys.exit(main())
