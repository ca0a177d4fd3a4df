"""System checks for `manage.py check`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from rooms import protocol
from rooms.live.consumer import HANDLERS
from rooms.log import verbs
from rooms.reading import query


@register
def every_command_is_handled(app_configs: Any, **_options: Any) -> Sequence[CheckMessage]:
    """The server would never answer a command that it can decode but not handle."""
    return [
        Error(
            f"Nothing handles the command {protocol.wire_name(command)!r}.",
            hint="Name a Verb or a Query for it in the app's Capability.",
            obj=command,
            id="rooms.E001",
        )
        for command in protocol.registry.commands
        if not (verbs.of(command) or query.of(command) or command in HANDLERS)
    ]
