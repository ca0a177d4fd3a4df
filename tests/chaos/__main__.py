"""python -m tests.chaos [--schedule short|full] [--seed N] [--only NAME] [--write]"""

import argparse
import asyncio
import resource
import sys

from tests.chaos import report
from tests.chaos.checker import Result
from tests.chaos.fault import run_all
from tests.chaos.faults import FAULTS
from tests.chaos.tutorial import run_tutorial


def tell(result: Result) -> None:
    print(result, flush=True)  # noqa: T201


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--schedule", choices=["short", "full"], default="short")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", help="name of a fault; may be repeated")
    parser.add_argument("--write", action="store_true", help="update docs/reliability.md")
    options = parser.parse_args()
    full = options.schedule == "full"
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    faults = [f for f in FAULTS if full or not f.only_full]
    if options.only:
        faults = [f for f in faults if f.name in options.only]
    results = asyncio.run(run_all(faults, options.seed, full, tell))
    broken = not results or any(result.violations for result in results)
    if not options.only:
        tutorial = asyncio.run(run_tutorial(options.seed))
        tell(tutorial)
        # If the checker finds nothing there, it is broken itself.
        broken |= not tutorial.lost
        results.append(tutorial)
        if options.write:
            report.write(results, "make chaos" if full else "python -m tests.chaos --write")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
