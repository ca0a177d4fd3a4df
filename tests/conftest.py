import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.programs import pages
from tests.services import Postgres, Redis, postgres_cluster, redis_server
from tests.site import Site

MakeSite = Callable[..., AbstractContextManager[Site]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Chaos first, since its tests are the longest and another worker has enough to do meanwhile.

    Browser tests last: pytest-asyncio does not work after Playwright's synchronous API.
    """
    items.sort(key=lambda item: _rank(item.path))


def _rank(path: Path) -> int:
    if path.name == "test_chaos.py":
        return 0
    return 2 if path.parent.name == "browser" else 1


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
def postgres() -> Iterator[Postgres]:
    # Kills leave what was committed to the system's cache; no test cuts the power.
    with postgres_cluster("-c", "fsync=off") as made:
        yield made


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The name of a migrated database to copy."""
    site = Site(postgres.make_database(MIGRATED), {}, 0)
    try:
        _migrate(site)
    finally:
        site.close()
    return MIGRATED


@pytest.fixture(scope="session")
def migrated_sqlite() -> Iterator[Path]:
    """A migrated SQLite file to copy."""
    site = Site("sqlite:///FOLDER/chat.sqlite3", {}, 0)
    try:
        _migrate(site)
        site.run(pages.checkpoint)
        folder = Path(tempfile.mkdtemp(prefix="chatsite-template-"))
        yield Path(shutil.copy(site.folder / "chat.sqlite3", folder))
        shutil.rmtree(folder)
    finally:
        site.close()


@pytest.fixture(scope="session")
def collected_static() -> Iterator[Path]:
    """The static files as `serve` collects and compresses them; they take it 3 s."""
    site = Site("sqlite:///FOLDER/none", {"DEBUG": "off"}, 0)
    try:
        site.manage("collectstatic", "-v", "0", "--no-input").check_returncode()
        yield site.folder / "static"
    finally:
        site.close()


def _migrate(site: Site) -> None:
    site.manage("migrate", "-v", "0").check_returncode()


MIGRATED = "migrated"
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
    collected = server == "serve" and environment.get("DEBUG") == "off"
    if (
        collected and "DJANGO_SETTINGS_MODULE" not in environment
    ):  # which may bring an app with more
        environment["STATIC_IS_COLLECTED"] = "on"
    if database == "sqlite":
        template = request.getfixturevalue("migrated_sqlite")
        site = Site("sqlite:///FOLDER/chat.sqlite3", environment, processes, server)
        shutil.copy(template, site.folder / "chat.sqlite3")
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        template = request.getfixturevalue("migrated_postgres")
        name = f"chat{next(_numbers)}"
        site = Site(postgres.make_database(name, template), environment, processes, server)
    if collected:
        static = request.getfixturevalue("collected_static")
        shutil.copytree(static, site.folder / "static", copy_function=os.link)
    try:
        if serve:
            site.serve()
        yield site
    finally:
        site.close()
        if database == "postgres":
            postgres.drop_database(name)


@pytest.fixture
def make_site(request: pytest.FixtureRequest) -> MakeSite:
    return partial(_site, request)


@pytest.fixture(params=["sqlite", "sqlite+redis", "postgres+redis"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """One process on each database and layer."""
    database, _, layer = request.param.partition("+")
    with _site(request, database, redis=bool(layer)) as made:
        yield made
