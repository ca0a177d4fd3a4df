"""What a Django app may add to the chat.

    class PollsConfig(Capability):
        name = "rooms.polls"
        label = "rooms_polls"
        verbs = ("log.Voting", "log.Closing")
        along = ("log.PollAlong",)
        parts = ("state.PollPart",)
        scripts = ("polls/poll.js",)

An app's configuration is imported before models can be, so everything is named by its path inside
of the app's package: "log.Voting" is `Voting` in `rooms/polls/log.py`. `install` resolves all paths
once, when the models are there; a path that leads nowhere, and anything that two apps claim, keeps
the process from starting. A command exists because a verb or a query handles it: the decoder of
frames is built from them.

The kernel is a Capability too (`rooms.apps`): its verbs, parts and queries follow the same rules.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, ClassVar

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured

from rooms import protocol
from rooms.log import verbs
from rooms.reading import parts, query

# A frame as JSON, without `ref`.
Frame = dict[str, Any]
# A sentence for each damage found; reads only. See `manage.py verify`.
Check = Callable[[], Iterable[str]]
# A random command of the capability. Gets the room's id and its messages as frames show them.
Exercise = Callable[[random.Random, int, Sequence[Frame]], Frame]
# Adds something to see to a place that has people, rooms and messages.
Demo = Callable[[random.Random], None]


class Capability(AppConfig):
    """The configuration of an app that adds to the chat. Only `name` and `label` are needed.

    Files below MEDIA_ROOT are in every backup, and an `admin` module is found as in any app.
    """

    default_auto_field = "django.db.models.BigAutoField"
    # Django takes the one configuration in an app's apps.py, where this class is imported too.
    default = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    # Classes: rooms.log.verbs.Verb and Along, rooms.reading.parts.Part,
    # rooms.reading.query.Query, rooms.following.follower.Follower and Handler.
    verbs: ClassVar[Sequence[str]] = ()
    along: ClassVar[Sequence[str]] = ()
    parts: ClassVar[Sequence[str]] = ()
    queries: ClassVar[Sequence[str]] = ()
    followers: ClassVar[Sequence[str]] = ()
    # Functions: Check, Exercise, Demo.
    checks: ClassVar[Sequence[str]] = ()
    exercise: ClassVar[str] = ""
    demo: ClassVar[str] = ""
    # A module with `urlpatterns`, which are mounted where the chat's own are.
    urls: ClassVar[str] = ""
    # Static files of the conversation's page: modules and style sheets.
    scripts: ClassVar[Sequence[str]] = ()
    styles: ClassVar[Sequence[str]] = ()

    def resolve(self, path: str) -> Any:
        """What a path inside of this app's package leads to."""
        module, _, attribute = path.rpartition(".")
        try:
            return getattr(import_module(f"{self.name}.{module}"), attribute)
        except (ImportError, AttributeError) as problem:
            reason = f"{self.name}: {path!r} is not there: {problem}"
            raise ImproperlyConfigured(reason) from problem


def installed() -> Iterator[Capability]:
    """All capabilities in the order of INSTALLED_APPS, in which the kernel comes first."""
    return (config for config in apps.get_app_configs() if isinstance(config, Capability))


def all_of(kind: str) -> list[Any]:
    """The classes or functions of all capabilities: all_of("followers")."""
    return [config.resolve(path) for config in installed() for path in _paths(config, kind)]


def listed(kind: str) -> list[Any]:
    """What all capabilities list without paths to resolve: listed("scripts")."""
    return [one for config in installed() for one in getattr(config, kind)]


def _paths(config: Capability, kind: str) -> Sequence[str]:
    found = getattr(config, kind)
    return [found] if isinstance(found, str) and found else found


def install() -> None:
    """Hands what the capabilities add to protocol, log and reading. Raises ImproperlyConfigured."""
    all_verbs, all_along = all_of("verbs"), all_of("along")
    all_parts, all_queries = all_of("parts"), all_of("queries")
    handled = [handler.command for handler in (*all_verbs, *all_queries)]
    _each_once("command", [protocol.wire_name(command) for command in handled])
    _each_once("field of `send`", [along.field for along in all_along])
    _each_once("part", [part.field for part in all_parts])
    _each_once("bit of a part", [part.bit for part in all_parts])
    for part in all_parts:
        if part.bit <= 0 or part.bit & (part.bit - 1):
            raise ImproperlyConfigured(f"{part.__name__}: its bit {part.bit} is no power of two.")
    protocol.register(
        commands=handled,
        along={along.field: along.type for along in all_along},
        parts={part.field: part.type for part in all_parts},
    )
    verbs.register(all_verbs, all_along)
    parts.register(all_parts)
    query.register(all_queries)


def _each_once(what: str, claimed: Sequence[Any]) -> None:
    for claim, times in Counter(claimed).items():
        if times > 1:
            raise ImproperlyConfigured(f"The {what} {claim!r} is claimed {times} times.")
