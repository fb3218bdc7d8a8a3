"""A server of release feeds on a real socket, which answers what a test tells it to and remembers how it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


class FeedServer:
    """`replies` maps a path to what is answered: a reply, a list of replies one after another, or a function of the request."""

    def __init__(self) -> None:
        self.replies: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.bodies: list[Any] = []
        self.connections: set[Any] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.do_GET()

            def do_GET(self) -> None:
                outer.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                outer.connections.add(self.client_address)
                status, headers, body = outer.reply(self.path, self.headers)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/release-history"

    def reply(self, path: str, headers: Any) -> Reply:
        found = self.replies.get(path.removeprefix("/release-history"), (404, {}, b"Not found"))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, Callable):  # type: ignore[arg-type]
            found = found(headers)
        return found


@contextmanager
def serving() -> Iterator[FeedServer]:
    """A server for a while."""
    made = FeedServer()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join(timeout=5)


def feed(project: str, *releases: tuple[str, str], branches: str = "1.,2.", status: str = "published") -> bytes:
    """A small feed of (version, release type), newest first; dates go down by a day."""
    rows = "".join(
        f"<release><name>{project} {version}</name><version>{version}</version><status>published</status>"
        f"<release_link>https://example.org/{version}</release_link><date>{1_750_000_000 - 86_400 * place}</date>"
        f"<terms><term><name>Release type</name><value>{kind}</value></term></terms></release>"
        for place, (version, kind) in enumerate(releases))
    return (f"<project><title>{project.title()}</title><short_name>{project}</short_name><type>project_module</type>"
            f"<supported_branches>{branches}</supported_branches><project_status>{status}</project_status>"
            f"<link>https://example.org/{project}</link><releases>{rows}</releases></project>").encode()
