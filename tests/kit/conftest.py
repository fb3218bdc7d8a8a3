"""What the tests of the local runner share."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest


@pytest.fixture
def free_socket():
    """A context that listens on a TCP port of the loopback, 0 for any, and answers with its number."""

    @contextmanager
    def listen(port=0):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            yield taken.getsockname()[1]

    return listen
