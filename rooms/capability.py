"""The extension points for Django apps.

    class PollsConfig(Capability):
        name = "rooms.polls"
        label = "rooms_polls"
        verbs = ("log.Voting", "log.Closing")
        along = ("log.Asking",)
        parts = ("state.PollPart",)
        scripts = ("rooms_polls/poll.js",)

Django imports an app's configuration before its models, so everything is named by its path inside
the app's package: "log.Voting" is `Voting` in `rooms/polls/log.py`. `install` resolves all paths
once the models are loaded. If a path does not exist, or two apps claim the same name, the process
does not start. A command exists because a verb or a query handles it: the frame decoder is built
from them.

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
# Yields a sentence for each problem; reads only. See `manage.py verify`.
Check = Callable[[], Iterable[str]]
# A random command of the capability, for a room's id and its messages as in frames.
Exercise = Callable[[random.Random, int, Sequence[Frame]], Frame]
# Adds examples to a chat that has people, rooms and messages.
Demo = Callable[[random.Random], None]


class Capability(AppConfig):
    """The configuration of an app that extends the chat. Only `name` and `label` are required.

    Backups include files below MEDIA_ROOT. An `admin` module works as in any app.
    """

    default_auto_field = "django.db.models.BigAutoField"
    # Django would pick up this class from an app's apps.py, where it is imported.
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
    # A module with `urlpatterns`, mounted next to the chat's own.
    urls: ClassVar[str] = ""
    # Static files of the conversation's page: modules and style sheets.
    scripts: ClassVar[Sequence[str]] = ()
    styles: ClassVar[Sequence[str]] = ()

    def resolve(self, path: str) -> Any:
        """Imports the object at a path inside this app's package."""
        module, _, attribute = path.rpartition(".")
        try:
            return getattr(import_module(f"{self.name}.{module}"), attribute)
        except (ImportError, AttributeError) as problem:
            reason = f"{self.name}: cannot import {path!r}: {problem}"
            raise ImproperlyConfigured(reason) from problem


def installed() -> Iterator[Capability]:
    """Yields all capabilities in the order of INSTALLED_APPS, the kernel first."""
    return (config for config in apps.get_app_configs() if isinstance(config, Capability))


def all_of(kind: str) -> list[Any]:
    """Returns the classes or functions of all capabilities: all_of("followers")."""
    return [config.resolve(path) for config in installed() for path in _paths(config, kind)]


def listed(kind: str) -> list[Any]:
    """Returns what all capabilities list, without resolving paths: listed("scripts")."""
    return [one for config in installed() for one in getattr(config, kind)]


def _paths(config: Capability, kind: str) -> Sequence[str]:
    found = getattr(config, kind)
    return [found] if isinstance(found, str) and found else found


def install() -> None:
    """Registers everything capabilities add with protocol, log and reading.

    Raises ImproperlyConfigured.
    """
    all_verbs, all_along = all_of("verbs"), all_of("along")
    all_parts, all_queries = all_of("parts"), all_of("queries")
    handled = [handler.command for handler in (*all_verbs, *all_queries)]
    _each_once("command", [protocol.wire_name(command) for command in handled])
    _each_once("field of `send`", [along.field for along in all_along])
    _each_once("part", [part.field for part in all_parts])
    _each_once("bit of a part", [part.bit for part in all_parts])
    for part in all_parts:
        if part.bit <= 0 or part.bit & (part.bit - 1):
            raise ImproperlyConfigured(
                f"{part.__name__}: its bit {part.bit} is not a power of two."
            )
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
