"""A strict Origin check for WebSockets that come with a cookie."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Application = Callable[[dict, Callable, Callable], Awaitable[Any]]


class ExactOrigin:
    """Refuses (403) a socket that has a cookie but not one of our origins.

    Channels' AllowedHostsOriginValidator also accepts http and any port for an allowed host, and
    raises on a malformed Origin. Here scheme, host and port must match CHAT_URL.
    """

    def __init__(self, application: Application, origins: Iterable[str]) -> None:
        self.application = application
        self.origins = {origin.encode() for origin in origins}

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        has_cookie = any(name == b"cookie" for name, _ in scope["headers"])
        ours = len(origins) == 1 and origins[0].lower() in self.origins
        if ours or (not origins and not has_cookie):
            await self.application(scope, receive, send)
        else:
            await receive()
            # Closing before accepting rejects the handshake with 403.
            await send({"type": "websocket.close"})
