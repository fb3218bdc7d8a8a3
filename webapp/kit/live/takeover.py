"""Taking a connection over from the web server, so that it costs no thread while nothing happens.

A worker of gunicorn has a few threads, and an open stream would hold one of them for hours: as many streams as threads,
and nobody is answered any more. So the door answers with a `Takeover`: it keeps the connection, leaves the server a dead
one in its place, and the thread goes back to other requests.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from flask import Response

SILENCE = 30_000
"""Milliseconds after which bytes that nobody has acknowledged mean that the other side is gone (TCP_USER_TIMEOUT)."""
Serve = Callable[[socket.socket, bytes], None]


def can_take_over(environ: dict[str, Any]) -> bool:
    """Whether the server that sent this request hands its connections out: gunicorn with threads, without TLS of its own."""
    return type(environ.get("gunicorn.socket")) is socket.socket


def take_over(environ: dict[str, Any]) -> socket.socket:
    """The connection of this request, not blocking. The server's own socket leads nowhere from now on: what it does at the end
    of a request (it shuts the connection down) harms nobody."""
    given: socket.socket = environ["gunicorn.socket"]
    kept = given.dup()
    dead, other = socket.socketpair()
    with dead, other:
        os.dup2(dead.fileno(), given.fileno(), inheritable=False)
    kept.setblocking(False)
    if kept.family in (socket.AF_INET, socket.AF_INET6):
        kept.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            kept.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE)
    return kept


class Takeover(Response):
    """An answer whose connection somebody else goes on with: `serve` gets it, and the bytes of the answer's head."""

    def __init__(self, serve: Serve, status: int = 200, **more: Any) -> None:
        super().__init__(iter(()), status, **more)
        self.serve = serve

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.serve(take_over(environ), self.head())
        raise StopIteration  # tells gunicorn that there is nothing to write, and that the connection is over

    def head(self) -> bytes:
        """Status line and headers as they go over the wire (RFC 9112)."""
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {value}" for name, value in self.headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
