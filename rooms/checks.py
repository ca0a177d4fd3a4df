"""System checks for `manage.py check`: the capabilities, and the site around the chat."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.core import checks
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from rooms import protocol
from rooms.live.consumer import HANDLERS
from rooms.log import verbs
from rooms.reading import query

NEEDED_MIDDLEWARE = (AuthenticationMiddleware, MessageMiddleware)


@checks.register
def every_command_is_handled(app_configs: Any, **_options: Any) -> Sequence[checks.CheckMessage]:
    """The server would never answer a command that it can decode but not handle."""
    return [
        checks.Error(
            f"Nothing handles the command {protocol.wire_name(command)!r}.",
            hint="Name a Verb or a Query for it in the app's Capability.",
            obj=command,
            id="rooms.E001",
        )
        for command in protocol.registry.commands
        if not (verbs.of(command) or query.of(command) or command in HANDLERS)
    ]


@checks.register
def site_has_what_the_chat_needs(
    app_configs: Any, **_options: Any
) -> Sequence[checks.CheckMessage]:
    """See docs/embedding.md."""
    return list(_missing())


def _missing() -> Iterator[checks.CheckMessage]:
    if "default" not in getattr(settings, "CHANNEL_LAYERS", {}):
        yield checks.Error(
            "There is no channel layer.",
            hint="Set CHANNEL_LAYERS, for one process to Channels' InMemoryChannelLayer.",
            id="rooms.E002",
        )
    try:
        reverse("rooms:home")
    except NoReverseMatch:
        yield checks.Error(
            "The chat has no address.",
            hint='Add path("chat/", include("rooms.urls")) to the URLs.',
            id="rooms.E003",
        )
    installed = [import_string(path) for path in settings.MIDDLEWARE]
    for needed in NEEDED_MIDDLEWARE:
        if not any(isinstance(kind, type) and issubclass(kind, needed) for kind in installed):
            yield checks.Error(
                f"{needed.__name__} is missing from MIDDLEWARE.",
                hint=f"Add {needed.__module__}.{needed.__name__}.",
                id="rooms.E004",
            )
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    if database["ENGINE"].endswith("sqlite3") and options.get("transaction_mode") != "IMMEDIATE":
        yield checks.Warning(
            "Messages that are written at the same time can fail on SQLite.",
            hint='Set OPTIONS of the database to {"transaction_mode": "IMMEDIATE", '
            '"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"}.',
            id="rooms.W001",
        )
