"""The site as it runs for real: daphne as processes, a database and perhaps Redis.

    def test_something(make_site):
        with make_site("sqlite") as site:          # or "postgres"; redis=True; processes=2;
                                               # server="serve" for ours instead of plain daphne
            people = site.people("ada", "bob")     # accounts with a session, members of General
            async with site.socket("ada") as ada:  # see tests.wire
                ...

`site.run(messages.say, people["ada"], ["hi"])` runs a function of tests.programs in a process of
its own with the site's settings.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import urlencode

from tests import forkserver
from tests.services import answers, free_port, wait_until
from tests.wire import Wire

# Of a site that compares its sockets with the database sooner than every two seconds, and the
# seconds after which each of its processes has looked at the database once.
COMPARES_SOON = {"CHAT_REPAIR_EVERY": "0.3"}
FIRST_LOOK = 1.0

ROOT = Path(__file__).resolve().parent.parent
DAPHNE = str(Path(sys.executable).with_name("daphne"))


P = ParamSpec("P")
# Where Django is not set up, as in tests.chaos, a program is named by its module and function.
Program = Callable[P, object] | str


def start(
    program: Program[P], environment: dict[str, str], *args: P.args, **kwargs: P.kwargs
) -> forkserver.Captured:
    """Starts one of tests.programs in a process of its own."""
    if not isinstance(program, str):
        program = f"{program.__module__}:{program.__qualname__}"
    command = ["-m", "tests.programs", program, json.dumps([args, kwargs])]
    return forkserver.Captured(command, env=environment)


def returned(process: forkserver.Captured) -> Any:
    """What a program returned, when it has ended well: tuples are lists, keys are texts."""
    result = process.result()
    if result.returncode:
        raise RuntimeError(result.stderr)
    return json.loads(result.stdout.splitlines()[-1])


class Daphne:
    """One process that serves the site."""

    process: "forkserver.Process | subprocess.Popen[bytes]"

    def __init__(self, site: "Site", port: int, command: Sequence[str]) -> None:
        self.site, self.port, self.command = site, port, command
        self.environment = site.environment  # of this process alone, where a test gives another
        self.url = f"http://127.0.0.1:{port}"
        self.log = site.folder / f"daphne-{port}.log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            code = Path(self.environment.get("PYTHONPATH", ""), "sitecustomize.py")
            if code.exists():  # Python's own start runs it
                self.process = subprocess.Popen(
                    [sys.executable, *self.command],
                    env=self.environment,
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                )
            else:
                self.process = forkserver.Process(
                    self.command, env=self.environment, stdout=log, stderr=log
                )
        wait_until(lambda: self.process.poll() is not None or answers(self.port), "daphne")
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text())

    def end(self, with_signal: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        self.process.wait(20)

    def restart(self, with_signal: int = signal.SIGKILL) -> None:
        self.end(with_signal)
        self.start()


def _answer(request: urllib.request.Request) -> tuple[int, str]:
    """The status and the text; a redirect is followed."""
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read().decode()


class Site:
    """A database of its own, and the processes that serve it."""

    def __init__(
        self,
        database_url: str,
        environment: dict[str, str],
        processes: int,
        server: str = "daphne",
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="chatsite-site-"))
        ports = [free_port() for _ in range(processes)]
        urls = ",".join(f"http://127.0.0.1:{port}" for port in ports)
        self.environment = {
            **os.environ,
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": database_url.replace("FOLDER", str(self.folder)),
            "CHAT_URL": urls,
            "SECRET_KEY": "of the tests, and of nothing else at all",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            **environment,
        }
        self.ports, self.server = ports, server
        self.keys: dict[str, str] = {}
        self.ids: dict[str, int] = {}
        self.processes: list[Daphne] = []

    def serve(self) -> None:
        for port in self.ports:
            if self.server == "serve":
                command = ["manage.py", "serve", "--port", str(port)]
            else:
                command = [DAPHNE, "-p", str(port), "-v", "0", "chatsite.asgi:application"]
            self.processes.append(Daphne(self, port, command))

    @property
    def url(self) -> str:
        return self.processes[0].url

    def run(self, program: Program[P], *args: P.args, **kwargs: P.kwargs) -> Any:
        """What a program of tests.programs returns in a process with the site's settings."""
        return returned(self.start(program, *args, **kwargs))

    def start(self, program: Program[P], *args: P.args, **kwargs: P.kwargs) -> forkserver.Captured:
        """The same without waiting for its end: see `returned`."""
        return start(program, self.environment, *args, **kwargs)

    def manage(self, *words: str | Path, answer: str = "") -> "subprocess.CompletedProcess[str]":
        """`manage.py …` with the site's settings; `answer` is typed into it."""
        command = ["manage.py", *map(str, words)]
        return forkserver.run(command, env=self.environment, answer=answer)

    def people(self, *names: str, join: bool = True) -> dict[str, int]:
        """Accounts with a session, in General if `join`; their ids by name."""
        made = self.run("tests.programs.people:make", names, join=join)
        self.ids |= {name: user_id for name, (user_id, _key) in made.items()}
        self.keys |= {name: key for name, (_id, key) in made.items()}
        return self.ids

    def socket(self, name: str, process: int = 0) -> Wire:
        return Wire(self.processes[process].url, self.keys[name])

    def get(self, path: str, name: str | None = None) -> tuple[int, str]:
        """The status and the text of a page."""
        request = urllib.request.Request(self.url + path)
        if name:
            request.add_header("Cookie", f"sessionid={self.keys[name]}")
        return _answer(request)

    def post(self, path: str, fields: dict[str, str], name: str | None = None) -> tuple[int, str]:
        """The status and the text of the answer to a form."""
        token = "t" * 32
        data = urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        cookies = f"csrftoken={token}" + (f"; sessionid={self.keys[name]}" if name else "")
        return _answer(urllib.request.Request(self.url + path, data, {"Cookie": cookies}))

    def close(self) -> None:
        for process in self.processes:
            process.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
