import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pytest_django.fixtures import Settings

from tests.services import Redis, postgres_server, redis_server
from tests.site import Site

MakeSite = Callable[..., AbstractContextManager[Site]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: pytest-asyncio does not work after Playwright's synchronous API."""
    items.sort(key=lambda item: "tests/browser/" in item.path.as_posix())


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as redis:
        yield redis.url


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis for a test that breaks it: give the site its `url` as REDIS_URL."""
    with redis_server() as made:
        yield made


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite() -> Iterator[Path]:
    """A migrated SQLite file to copy."""
    site = Site("sqlite:///FOLDER/chat.sqlite3", {}, 0)
    try:
        _migrate(site)
        site.run(CHECKPOINT)
        folder = Path(tempfile.mkdtemp(prefix="chatsite-template-"))
        yield Path(shutil.copy(site.folder / "chat.sqlite3", folder))
        shutil.rmtree(folder)
    finally:
        site.close()


# What lies in the write-ahead log moves into the file that is copied.
CHECKPOINT = """
from django.db import connection
connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""


def _migrate(site: Site) -> None:
    site.run(
        "from django.core.management import call_command\ncall_command('migrate', verbosity=0)"
    )


_numbers = count(1)


@contextmanager
def _site(
    request: pytest.FixtureRequest,
    database: str = "sqlite",
    *,
    redis: bool = False,
    processes: int = 1,
    serve: bool = True,
    server: str = "daphne",
    **environment: str,
) -> Iterator[Site]:
    if redis:
        environment["REDIS_URL"] = request.getfixturevalue("redis_url")
    if database == "sqlite":
        template = request.getfixturevalue("migrated_sqlite")
        site = Site("sqlite:///FOLDER/chat.sqlite3", environment, processes, server)
        shutil.copy(template, site.folder / "chat.sqlite3")
    else:
        url = request.getfixturevalue("postgres_url")
        name = f"chat{next(_numbers)}"
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        site = Site(f"{url}/{name}", environment, processes, server)
        _migrate(site)
    try:
        if serve:
            site.serve()
        yield site
    finally:
        site.close()


@pytest.fixture
def make_site(request: pytest.FixtureRequest) -> MakeSite:
    return partial(_site, request)


@pytest.fixture(params=["sqlite", "sqlite+redis", "postgres+redis"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """One process on each database and layer."""
    database, _, layer = request.param.partition("+")
    with _site(request, database, redis=bool(layer)) as made:
        yield made
