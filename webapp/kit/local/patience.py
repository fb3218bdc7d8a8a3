"""A worker of the web server whose threads wait for nobody's whole evening: slow heads, slow bodies and readers that stopped are let go.

gunicorn's threads read blocking: sixteen clients that send a byte now and then would stop everybody else. Here a head has ten
seconds from its first byte, a body twenty and one more for each 32 KB, and a reader takes something each minute. A buffering proxy
in front does more, for it waits with no thread at all.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from gunicorn.workers.gthread import _DEFER, DEFAULT_WORKER_DATA_TIMEOUT, ThreadWorker  # type: ignore[import-untyped]

HEAD_SECONDS = 10.0
BODY_SECONDS = 20.0
SLOWEST = 32 * 1024
READER_SECONDS = 60.0
LOOK_EVERY = 1.0
CHUNKED = 5 * 2**20
"""Bytes that a body without a length is taken to have."""


class Watch:
    """Ends the reading side of connections whose time is up; the thread that reads then meets the end of what was sent."""

    def __init__(self) -> None:
        self.until: dict[Any, float] = {}
        self.begun = False
        self.lock = threading.Lock()

    def give(self, connection: Any, seconds: float) -> None:
        """Gives a connection so many seconds from now."""
        self.until[connection] = time.monotonic() + seconds
        if not self.begun:
            with self.lock:
                if not self.begun:
                    self.begun = True
                    threading.Thread(target=self._look, daemon=True).start()

    def release(self, connection: Any) -> None:
        self.until.pop(connection, None)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_EVERY)
            now = time.monotonic()
            for connection in [each for each, until in list(self.until.items()) if until < now]:
                self.release(connection)
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)


class PatientWorker(ThreadWorker):
    """gunicorn's worker with threads, with a watch on what its threads read and a limit on how long they write."""

    def init_process(self) -> None:
        self.watch = Watch()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """From the first byte of a head; a connection on which nothing comes goes back to the poller and holds no thread."""
        if not conn.initialized and not conn.wait_for_data(DEFAULT_WORKER_DATA_TIMEOUT):
            return _DEFER
        self.watch.give(conn.sock, HEAD_SECONDS)
        try:
            return super().handle(conn)
        finally:
            self.watch.release(conn.sock)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """A whole head has come. Live connections (an Upgrade) keep their own time."""
        headers = {name.upper(): value for name, value in req.headers}
        self.watch.release(conn.sock)
        length = headers.get("CONTENT-LENGTH", "0")
        size = int(length) if length.isdigit() else 0
        if "UPGRADE" not in headers:
            conn.sock.settimeout(READER_SECONDS)
        if size or "TRANSFER-ENCODING" in headers:
            self.watch.give(conn.sock, BODY_SECONDS + (size or CHUNKED) / SLOWEST)
        return super().handle_request(req, conn)
