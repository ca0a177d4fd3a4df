"""An app that injects exceptions and cancellations at each await of the consumer and the writer.

Each await of their coroutines fails at every EVERY-th pass, alternately with an exception and a
cancellation, until the file ENOUGH exists. `report` lists the places.
"""

import asyncio
import inspect
import os
import types
from collections import Counter
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from pathlib import Path
from typing import Any

from django.apps import AppConfig

EVERY = 20
# A file in the data folder that stops the injection.
ENOUGH = "enough"
SETTINGS = 'INSTALLED_APPS += ["tests.chaos.inject.Breaking"]\n'


class Broken(Exception):
    """An injected failure."""


class Breaking(AppConfig):
    name = "tests.chaos"
    label = "breaking"

    def ready(self) -> None:
        from rooms.live.consumer import ChatConsumer
        from rooms.live.groups import Groups
        from rooms.live.process import Process
        from rooms.live.writer import Writer

        for kind in (ChatConsumer, Process, Groups, Writer):
            for name, function in list(vars(kind).items()):
                if inspect.iscoroutinefunction(function):
                    setattr(kind, name, _breaking(function))


_times: Counter[str] = Counter()
_done: Counter[str] = Counter()


def _breaking(function: Callable[..., types.CoroutineType]) -> Callable[..., Coroutine]:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await _drive(function(*args, **kwargs), function.__qualname__)

    return wrapper


@types.coroutine
def _drive(coroutine: types.CoroutineType, name: str) -> Generator[Any, Any, Any]:
    value: Any = None
    problem: BaseException | None = None
    while True:
        try:
            if problem is None:
                awaited = coroutine.send(value)
            else:
                awaited = coroutine.throw(problem)
        except StopIteration as stop:
            return stop.value
        assert coroutine.cr_frame is not None
        value, problem = None, _due(f"{name}:{coroutine.cr_frame.f_lineno}")
        if problem is None:
            try:
                value = yield awaited
            except BaseException as error:
                problem = error


def _due(place: str) -> BaseException | None:
    _times[place] += 1
    if _times[place] % EVERY or Path(os.environ["DATA_DIR"], ENOUGH).exists():
        return None
    problem = Broken(place) if _times[place] // EVERY % 2 else asyncio.CancelledError(place)
    _done[f"{type(problem).__name__} at {place}"] += 1
    report().write_text("".join(f"{times} × {what}\n" for what, times in sorted(_done.items())))
    return problem


def report() -> Path:
    return Path(os.environ["DATA_DIR"], f"broken-{os.getpid()}.txt")
