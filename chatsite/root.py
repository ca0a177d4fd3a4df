"""Serves the site at the root of its addresses, whatever the client says."""

from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[[dict, Callable, Callable], Awaitable[Any]]


class AtRoot:
    """Ignores `root_path`, which daphne takes from a header that any client can send.

    CHAT_URL has no path, so a site under one does not exist.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        await self.application({**scope, "root_path": ""}, receive, send)
