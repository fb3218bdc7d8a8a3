"""A web server of the tests' own, and clients of its live connections over real sockets."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from webapp.kit.local.processes import free_port

ROOT = Path(__file__).resolve().parents[2]


# gunicorn's own start, before which a constant of the product may be changed for a test.
PROGRAM = "import sys; {}; from gunicorn.app.wsgiapp import run; sys.exit(run())"


@contextmanager
def web_server(first: str = "pass", **settings: str) -> Iterator[int]:
    """gunicorn as it is configured, with one process of two threads on the loopback; gives its port. `first` is Python to begin with."""
    port = free_port()
    env = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1", "WEB_THREADS": "2", "LIMITS_ENABLED": "false",
           "LOG_LEVEL": "WARNING", **settings}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    command = [sys.executable, "-c", PROGRAM.format(first), "--config", "python:webapp.kit.local.webserver", "wsgi:app"]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        wait_until_live(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_live(port: int, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, "the web server did not start"
        try:
            urlopen(f"http://127.0.0.1:{port}/health/live", timeout=10).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the web server does not answer")


class Wire:
    """A connection with a request sent: `head` is the answer's, `status` its number."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=60)
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {value}" for name, value in headers.items())]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.rest = b""
        self.head = self.until(b"\r\n\r\n", 60).decode("latin-1")
        self.status = int(self.head.split(" ")[1])

    def until(self, end: bytes, seconds: float) -> bytes:
        """What comes up to `end`; ConnectionError when the other side has closed, TimeoutError when it is silent."""
        last = time.monotonic() + seconds
        while end not in self.rest:
            self.sock.settimeout(max(last - time.monotonic(), 0.01))
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self.rest += more
        found, self.rest = self.rest.split(end, 1)
        return found

    def close(self) -> None:
        self.sock.close()


class Stream(Wire):
    """A stream of server-sent events."""

    def __init__(self, port: int, topics: str, headers: dict[str, str], query: str = "") -> None:
        super().__init__(port, f"/api/v1/events?topics={topics}{query}", headers)

    def next(self, seconds: float = 60) -> dict[str, Any]:
        """The next event: its name as `event`, its `id`, and what it says; comments are passed over."""
        while True:
            fields = dict(line.split(": ", 1) for line in self.until(b"\n\n", seconds).decode().splitlines() if not line.startswith(":"))
            if "data" in fields:
                return {"event": fields["event"], "id": fields.get("id"), **json.loads(fields["data"])}

    def is_silent(self, seconds: float) -> bool:
        try:
            self.next(seconds)
        except TimeoutError:
            return True
        return False


class Socket(Wire):
    """A WebSocket, as much of RFC 6455 as messages take."""

    def __init__(self, port: int, **headers: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        super().__init__(port, "/api/v1/ws", {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key,
                                             "Sec-WebSocket-Version": "13", **headers})

    def say(self, value: Any) -> None:
        self.frame(value.encode() if isinstance(value, str) else json.dumps(value).encode())

    def frame(self, body: bytes, first: int = 0x81) -> None:
        mask = os.urandom(4)
        size = struct.pack(">B", 128 | len(body)) if len(body) < 126 else struct.pack(">BH", 128 | 126, len(body))
        self.sock.sendall(bytes([first]) + size + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(body)))

    def hear(self, seconds: float = 60) -> dict[str, Any]:
        """The next text message, or `{"closed": code}`."""
        self.sock.settimeout(seconds)
        while True:
            first, size = self._exactly(2)
            if size == 126:
                size = struct.unpack(">H", self._exactly(2))[0]
            body = self._exactly(size)
            if first & 15 == 8:
                return {"closed": struct.unpack(">H", body[:2])[0]}
            if first & 15 == 1:
                return json.loads(body)

    def _exactly(self, count: int) -> bytes:
        while len(self.rest) < count:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self.rest += more
        found, self.rest = self.rest[:count], self.rest[count:]
        return found
