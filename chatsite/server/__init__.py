"""daphne, hardened for a chat, for `manage.py serve`. The application also runs on others.

It adds to daphne 4.2: limits on the memory that one client can use, a graceful shutdown, and a
fast path for frames. The fast path is an ASGI extension: `scope["extensions"]["chatsite.frames"]`
is {"make": a function that turns text into a frame, which can be sent to many sockets, "write": a
function that writes a frame to this socket, in order with `send`, and never waits}.

All of it depends on internals of daphne, autobahn and Twisted. If one of them is missing (see
chatsite.internals), daphne's own server runs instead: slower, and without these limits.
"""

from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server

from chatsite import internals
from chatsite.server.bounds import BACKLOG, MAX_MESSAGE, PING_AFTER
from chatsite.server.ports import PortTaken, require_free

__all__ = ["MAX_MESSAGE", "PortTaken", "build", "require_free"]


def build(application: Any, host: str, port: int) -> Server:
    """Returns a server to `run()`."""
    endpoints = build_endpoint_description_strings(host=host, port=port)
    options = {
        "application": application,
        "endpoints": [f"{endpoint}:backlog={BACKLOG}" for endpoint in endpoints],
        # A socket lives as long as its client answers pings. Only silent clients are pinged; the
        # chat's own clients send something every 20 s.
        "ping_interval": PING_AFTER,
        "websocket_timeout": -1,
        "server_name": "chatsite",
        "verbosity": 0,
    }
    if not internals.usable("server"):
        return Server(**options)
    # Imported here, because the import fails if an internal is missing.
    from chatsite.server.server import ChatServer

    # Our protocol has its own limit, which does not close the socket.
    return ChatServer(**options, websocket_max_message_size=0, websocket_max_frame_size=0)
