"""Checks that a port is free. Otherwise Twisted would only log the error and exit."""

import socket


class PortTaken(Exception):
    """Another program listens on the port."""


def require_free(host: str, port: int) -> None:
    """Raises PortTaken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise PortTaken(f"{host}:{port}: {problem.strerror}") from problem
