"""daphne with the settings that a chat wants. `manage.py serve` runs it."""

import socket
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server

# daphne's own is 50: of a thousand reconnects at once most would wait for a retry of their SYN.
BACKLOG = 1024
# Bytes of one message from a client: the protocol's bound.
MAX_MESSAGE = 65_536


class PortTaken(Exception):
    """Another program listens there."""


def require_free(host: str, port: int) -> None:
    """Raises PortTaken. Twisted would only log it and end."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise PortTaken(f"{host}:{port}: {problem.strerror}") from problem


def build(application: Any, host: str, port: int) -> Server:
    endpoint = build_endpoint_description_strings(host=host, port=port)
    return Server(
        application=application,
        endpoints=[f"{description}:backlog={BACKLOG}" for description in endpoint],
        websocket_max_message_size=MAX_MESSAGE,
        websocket_max_frame_size=MAX_MESSAGE,
        # A socket lives as long as its client answers pings.
        websocket_timeout=-1,
        server_name="chatsite",
        verbosity=0,
    )
