"""The tests' own Redis and PostgreSQL, on free ports, stopped by their process ids."""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

# Below the ephemeral ports, so that no outgoing connection takes one first.
_ports = iter(range(20_000, 32_000))
# Locking a byte of this file reserves the port of that number for this process.
_kept = (Path(tempfile.gettempdir()) / f"chatsite-ports-{os.getuid()}").open("w")


def free_port() -> int:
    """Returns a free port that no other test or test run gets."""
    for port in _ports:
        try:
            fcntl.lockf(_kept, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port
    raise RuntimeError("no port is free")


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def missing(what: str) -> None:
    """Skips the test; fails in CI, where nothing may be skipped."""
    message = f"{what} is not installed; run bin/test-deps"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


class Redis:
    """Our own Redis, which can be stopped, restarted on the same port, and frozen."""

    def __init__(self, folder: str, *options: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            missing("redis-server")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.command = [str(program), "--port", str(self.port), "--bind", "127.0.0.1"]
        self.command += ["--save", "", "--dir", folder, *options]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), "redis-server")

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self, number: int = signal.SIGKILL) -> None:
        self.send(number)
        self.process.wait(10)


@contextmanager
def redis_server(*options: str) -> Iterator[Redis]:
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(folder, *options)
        try:
            yield redis
        finally:
            if redis.process.poll() is None:
                redis.end()


def _accepts(url: str) -> bool:
    """Whether PostgreSQL accepts connections. While it starts, it refuses them."""
    try:
        psycopg.connect(f"{url}/postgres").close()
    except psycopg.OperationalError:
        return False
    return True


class Postgres:
    """Our own PostgreSQL cluster, which can be stopped and restarted on the same port."""

    def __init__(self, *options: str) -> None:
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        initdb = shutil.which("initdb") or (str(folders[-1] / "initdb") if folders else None)
        if initdb is None:
            missing("PostgreSQL")
            raise AssertionError
        port = free_port()
        # PostgreSQL refuses to run as root: then it runs as the user that its package created.
        self._account = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="chatsite-postgres-"))
        if self._account:
            owner = pwd.getpwnam(self._account)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        data = self.folder / "data"
        arguments = [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        arguments += ["--locale", "C.UTF-8"]
        subprocess.run(
            arguments, user=self._account, cwd=self.folder, check=True, capture_output=True
        )
        self.command = [
            str(Path(initdb).with_name("postgres")),
            *("-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", str(self.folder)),
            *("-c", "max_connections=200"),
            *options,
        ]
        self.url = f"postgres://postgres@127.0.0.1:{port}"  # without a database's name
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, user=self._account, cwd=self.folder, stdout=log, stderr=log
            )
        wait_until(lambda: _accepts(self.url), "postgres")

    def end(self, number: int = signal.SIGINT) -> None:
        """SIGINT closes all connections cleanly; SIGQUIT is like a crash."""
        self.process.send_signal(number)
        self.process.wait(30)

    def make_database(self, name: str, template: str = "template0") -> str:
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"{self.url}/{name}"

    def drop_database(self, name: str) -> None:
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgres_cluster(*options: str) -> Iterator[Postgres]:
    postgres = Postgres(*options)
    try:
        yield postgres
    finally:
        if postgres.process.poll() is None:
            postgres.end()
        shutil.rmtree(postgres.folder)
