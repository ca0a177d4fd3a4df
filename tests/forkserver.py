"""Starts Python programs without the second that their imports take.

A fork server imports the libraries that need no settings, then forks for each requested program.
The fork is an ordinary process with its own pid, environment, working folder, arguments, files and
signals; it loads Django and the project itself, with its own settings.

`Process` and `run` replace `subprocess.Popen` and `subprocess.run`. Real starts are still needed in
test_commands, and for programs whose environment changes Python itself.
"""

import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).resolve().parent.parent

# Imported by the site at startup, and independent of settings. Must not install Twisted's reactor
# (daphne does), because forks would share its epoll object.
PRELOADED = (
    "autobahn.twisted.websocket",
    "channels.generic.websocket",
    "channels.routing",
    "channels_redis.pubsub",
    "concurrent.futures.process",
    "django.contrib.admin.options",
    "django.contrib.messages.middleware",
    "django.contrib.staticfiles.finders",
    "django.core.mail.message",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.template.loader_tags",
    "django.test.client",
    "django.views.i18n",
    "environ",
    "linkify_it",
    "markdown_it",
    "msgspec.json",
    "pygments.formatters",
    "pygments.lexers",
    "redis.asyncio",
    "twisted.web.http",
    "whitenoise.middleware",
)

_number = struct.Struct("i")  # a pid, an exit code, the size of a request


class Process:
    """A running Python program. `command` is a script, or "-m" and a module, and arguments."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        stdout: IO[Any],
        stderr: IO[Any],
        stdin: IO[Any] | None = None,
    ) -> None:
        request = json.dumps([list(command), dict(env)]).encode()
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(ForkServer.get().address)
        with open(os.devnull) as nothing:
            files = [file.fileno() for file in (stdin or nothing, stdout, stderr)]
            socket.send_fds(self._connection, [_number.pack(len(request))], files)
        self._connection.sendall(request)
        self.pid = self._receive()

    def _receive(self) -> int:
        data = self._connection.recv(_number.size, socket.MSG_WAITALL)
        if not data:
            raise RuntimeError("the fork server has ended")
        return _number.unpack(data)[0]

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], timeout)[0]:
            with self._lock:
                if self.returncode is None:
                    self.returncode = self._receive()
                    self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Captured(Process):
    """A program whose output goes to files until it ends."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str], answer: str = "") -> None:
        self.command = command
        self._out, self._err = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115
        with tempfile.TemporaryFile("w+") as stdin:
            stdin.write(answer)
            stdin.seek(0)
            super().__init__(command, env=env, stdin=stdin, stdout=self._out, stderr=self._err)

    def result(self, timeout: float = 300) -> "subprocess.CompletedProcess[str]":
        """Returns its output and exit code. Kills it if it takes longer than `timeout`."""
        try:
            code = self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        said = []
        for file in (self._out, self._err):
            file.seek(0)
            said.append(file.read())
            file.close()
        return subprocess.CompletedProcess(self.command, code, *said)


def run(
    command: Sequence[str], *, env: Mapping[str, str], answer: str = ""
) -> "subprocess.CompletedProcess[str]":
    return Captured(command, env=env, answer=answer).result()


class ForkServer:
    """This process's fork server. It ends when its standard input closes, so with this process."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="chatsite-forks-")
        self.address = str(Path(self.folder.name, "socket"))
        ready, told = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.forkserver", self.address, str(told)],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
            stdin=subprocess.PIPE,
            pass_fds=[told],
        )
        os.close(told)
        with open(ready, "rb") as pipe:
            if pipe.read() != b"ready":
                raise RuntimeError("the fork server did not start")

    @classmethod
    @functools.cache
    def get(cls) -> Self:
        return cls()


# In the fork server


def _serve(address: str, ready: int) -> Callable[[], None]:
    """Forks on request until its parent ends. In a fork, returns the function to run."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    ended, wake = socket.socketpair()
    ended.setblocking(False)
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the forks
    os.write(ready, b"ready")
    os.close(ready)
    forks: dict[int, socket.socket] = {}
    while True:
        readable = select.select([listener, ended, sys.stdin], [], [])[0]
        if sys.stdin in readable:
            sys.exit()
        if ended in readable:
            ended.recv(4096)
            while forks:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                with forks.pop(pid) as connection:
                    _tell(connection, os.waitstatus_to_exitcode(status))
        if listener in readable:
            connection = listener.accept()[0]
            header, files, _flags, _address = socket.recv_fds(connection, _number.size, 3)
            with connection.makefile("rb") as stream:
                request = json.loads(stream.read(_number.unpack(header)[0]))
            pid = os.fork()
            if not pid:
                for inherited in (listener, ended, wake, connection, *forks.values()):
                    inherited.close()
                return functools.partial(_become, files, *request)
            forks[pid] = connection
            for file in files:
                os.close(file)
            _tell(connection, pid)


def _tell(connection: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody is waiting for it
        connection.sendall(_number.pack(number))


def _become(files: list[int], command: list[str], environ: dict[str, str]) -> None:
    """Turns this fork into `python *command`."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(environ)
    paths = environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[1:1] = [path for path in paths if path]
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    for name in PRELOADED:
        importlib.import_module(name)
    assert "twisted.internet.reactor" not in sys.modules
    assert threading.active_count() == 1, "threads do not survive a fork"
    gc.collect()
    gc.freeze()
    _serve(sys.argv[1], int(sys.argv[2]))()
