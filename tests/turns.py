"""Who runs when: tests of several workers run together, except for those that must be alone."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Workers of one test run have this in common; without it nothing else runs.
_run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))


@contextmanager
def _locked(name: str, how: int) -> Iterator[None]:
    path = Path(tempfile.gettempdir()) / f"chatsite-{name}-{_run}"
    with path.open("w") as file:
        fcntl.flock(file, how)
        yield


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Waits until this test may run, and keeps others waiting while it runs if it is `alone`."""
    with ExitStack() as stack:
        # Who waits to be alone keeps the door: nobody comes in anew in the meantime.
        with _locked("door", fcntl.LOCK_EX):
            stack.enter_context(_locked("turn", fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        yield
