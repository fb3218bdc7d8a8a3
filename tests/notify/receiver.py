"""A web server for tests: a real one, on a socket of this machine, that keeps what is posted and answers as it is told."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Posted:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came in; `answers` are statuses for the next requests (the last one stays), `headers` go with each answer."""

    answers: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    text: bytes = b"ok"
    delay: float = 0.0
    posted: list[Posted] = field(default_factory=list)
    url: str = ""
    written: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    """How many pieces of its text went out, and whether an answer has come to its end, or was cut off."""

    def answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.posted.append(Posted(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            with contextlib.suppress(OSError):
                self.send_response(receiver.answer())
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.text)))
                self.end_headers()
                for each in receiver.text if receiver.delay else [receiver.text]:
                    time.sleep(receiver.delay)
                    self.wfile.write(bytes([each]) if isinstance(each, int) else each)
                    receiver.written += 1
            receiver.ended.set()

        def log_message(self, *_: Any) -> None:
            """Nothing: tests look at what was posted."""

    return Handler


@contextlib.contextmanager
def receiving(**options: Any) -> Iterator[Receiver]:
    """The server, while this lasts."""
    receiver = Receiver(**options)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(receiver))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
