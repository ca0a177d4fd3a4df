"""The site works on where a library changes what it never promised, and says what changed."""

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import chatsite
import rooms.accounts.sessions
from chatsite import internals
from tests.conftest import MakeSite

LIBRARIES = {"autobahn", "channels_redis", "daphne", "redis", "twisted"}
# These document what their classes offer to subclasses, apart from what begins with `_`.
DOCUMENTED = {"channels", "django", "whitenoise"}


def classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(chatsite.__path__, "chatsite."):
        if ".management" not in module.name:
            for _name, kind in inspect.getmembers(import_module(module.name), inspect.isclass):
                if kind.__module__ == module.name:
                    yield kind


def test_everything_in_the_list_exists_in_the_installed_versions() -> None:
    assert [i for feature in internals.ORDINARY for i in internals.missing(feature)] == []


def test_what_a_library_no_longer_has_is_missing() -> None:
    for owner in ("daphne.server:Server", "daphne.server:Gone", "daphne.gone:Server", "daphne"):
        assert not internals.Internal("server", owner, "gone", "").exists()


def test_every_private_name_of_a_library_is_in_the_list() -> None:
    listed = {internal.name for internal in internals.INTERNALS}
    used: set[str] = set()
    ours: set[str] = set()
    sessions = Path(rooms.accounts.sessions.__file__)
    for path in [*Path(chatsite.__path__[0]).rglob("*.py"), sessions]:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                    ours.add(name)
                case ast.Attribute(attr=name):
                    used.add(name)
                case ast.ImportFrom(names=names):
                    used.update(alias.name for alias in names)
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    ours.add(name)
                case ast.AnnAssign(target=ast.Name(id=name)):
                    ours.add(name)
    private = {name for name in used if name.startswith("_") and not name.startswith("__")}
    assert private - ours - listed == {"_meta"}, "Django documents _meta"


def attributes(kind: type) -> set[str]:
    """What a class defines, and what its methods assign to attributes."""
    functions = [value for value in vars(kind).values() if inspect.isfunction(value)]
    return set(vars(kind)).union(*map(internals._assigned_by, functions))


def test_everything_that_our_classes_share_with_those_of_libraries_is_in_the_list() -> None:
    """What they override or assign, also by accident, because both chose the same name."""
    listed = {internal.name for internal in internals.INTERNALS}
    for kind in classes():
        for base in kind.__mro__[1:]:
            library = base.__module__.partition(".")[0]
            shared = {name for name in attributes(kind) & attributes(base) if name[:2] != "__"}
            if library in DOCUMENTED:
                shared = {name for name in shared if name.startswith("_")}
            if library in LIBRARIES | DOCUMENTED:
                assert shared <= listed, f"{kind} and {base}"


@pytest.mark.parametrize(
    ("renamed", "options"),
    [
        ("daphne.server:Server create_application", {"server": "serve"}),
        ("channels.layers:InMemoryChannelLayer groups channels.layers", {}),
        (
            "channels_redis.pubsub:RedisSingleShardConnection _ensure_receiver",
            {"redis": True, "processes": 2},
        ),
        ("django.core.handlers.asgi:ASGIHandler read_body", {"server": "serve"}),
    ],
)
async def test_the_ordinary_path_is_taken_where_an_internal_is_gone(
    make_site: MakeSite, renamed: str, options: dict
) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.programs.renamed", "RENAMED": renamed}
    with make_site("sqlite", **options, **settings) as site:
        site.people("ada", "bob")
        async with site.socket("ada", 0) as ada, site.socket("bob", -1) as bob:
            ack = await ada.say(ada.room("general")["id"], "hello")
            assert ack["type"] == "ack"
            assert (await bob.expect("changes"))["messages"][0]["body"] == "hello"
        assert site.get("/rooms/general/", "ada")[0] == 200
        log = site.processes[0].log.read_text()
        assert ".".join(renamed.replace(":", ".").split()[:2]) in log
        assert "Traceback" not in log
