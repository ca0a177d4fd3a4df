"""daphne, hardened for a chat: `manage.py serve` runs it. The application runs on others too.

What it adds to daphne 4.2: bounds on the memory that one client can take, an end that finishes
what was begun, and a fast path for frames, which is an ASGI extension:
`scope["extensions"]["chatsite.frames"]` is {"make": a function from text to a frame, which may be
sent to many sockets, "write": a function that writes a frame to this socket, in order with what
`send` writes, and never waits}.

All of it rests on daphne's, autobahn's and Twisted's internals. If one of them is missing (see
chatsite.internals), daphne's own server runs instead: slower, and without these bounds.
"""

from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server

from chatsite import internals
from chatsite.server.bounds import BACKLOG, MAX_MESSAGE, PING_AFTER
from chatsite.server.ports import PortTaken, require_free

__all__ = ["MAX_MESSAGE", "PortTaken", "build", "require_free"]


def build(application: Any, host: str, port: int) -> Server:
    """A server to `run()`."""
    endpoints = build_endpoint_description_strings(host=host, port=port)
    options = {
        "application": application,
        "endpoints": [f"{endpoint}:backlog={BACKLOG}" for endpoint in endpoints],
        # A socket lives as long as its client answers pings. Only a silent client is pinged, and
        # the chat's own clients say something every 20 s.
        "ping_interval": PING_AFTER,
        "websocket_timeout": -1,
        "server_name": "chatsite",
        "verbosity": 0,
    }
    if not internals.usable("server"):
        return Server(**options)
    # Imported here, because it cannot be where an internal is missing.
    from chatsite.server.server import ChatServer

    # Our protocol has its own bound, which does not close the socket.
    return ChatServer(**options, websocket_max_message_size=0, websocket_max_frame_size=0)
