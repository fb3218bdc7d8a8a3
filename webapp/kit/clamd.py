"""Scanning by clamd over its socket: INSTREAM, as clamd(8) describes it.

CLAMD_URL says where: `tcp://host:3310` or `unix:///run/clamav/clamd.sock`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from flask import current_app

from webapp.kit.errors import Unavailable
from webapp.kit.logs import log
from webapp.kit.settings import BadSetting

PORT = 3310
PATIENCE = 20.0
"""Seconds for one answer, and for each portion to be taken."""
PORTION = 128 * 1024
LONGEST_ANSWER = 4096
FOUND = re.compile(r"\Astream: (?P<name>.{1,200}) FOUND\Z")
EXAMPLE = "CLAMD_URL must be tcp://host:port or unix:///path/to/socket."


class ScannerDown(Unavailable):
    """The scanner does not answer, or cannot look at this."""

    message = "Files cannot be scanned at the moment, and are not taken without it. Try again soon."


@dataclass(frozen=True, slots=True)
class Scanner:
    """Where clamd listens: a path, or host and port."""

    path: str = ""
    host: str = ""
    port: int = PORT

    @classmethod
    def of(cls, url: str) -> Scanner:
        """The scanner that CLAMD_URL names; BadSetting for what cannot be meant."""
        parts = urlsplit(url)
        try:
            port = parts.port or PORT
        except ValueError:
            raise BadSetting(EXAMPLE) from None
        if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
            return cls(path=parts.path)
        if parts.scheme == "tcp" and parts.hostname and parts.path in ("", "/"):
            return cls(host=parts.hostname, port=port)
        raise BadSetting(EXAMPLE)

    def find(self, file: BinaryIO) -> str | None:
        """The name of what was found in a file, read from its beginning; None where it is clean. ScannerDown without a clear answer."""
        file.seek(0)
        try:
            with self._connect() as connection:
                self._send(connection, file)
                answer = self._answer(connection)
        except OSError as problem:
            log().warning("scanner_down", kind=type(problem).__name__)
            raise ScannerDown() from None
        if answer == "stream: OK":
            return None
        if found := FOUND.match(answer):
            return found["name"]
        log().warning("scanner_refused", answer=answer[:200])
        raise ScannerDown()

    def _connect(self) -> socket.socket:
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=PATIENCE)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE)
        try:
            connection.connect(self.path)
        except OSError:
            connection.close()
            raise
        return connection

    def _send(self, connection: socket.socket, file: BinaryIO) -> None:
        """The file in portions, each after its length. A server to whom it becomes too much says so and hangs up; that is its answer."""
        try:
            connection.sendall(b"zINSTREAM\0")
            for portion in portions(file):
                connection.sendall(len(portion).to_bytes(4, "big") + portion)
            connection.sendall(bytes(4))
        except (BrokenPipeError, ConnectionResetError):
            return

    def _answer(self, connection: socket.socket) -> str:
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
            if not (more := connection.recv(1024)):
                break
            answer += more
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def scanner() -> Scanner | None:
    """Who looks at files on this server; None where there is nobody."""
    url = current_app.config["CLAMD_URL"]
    return Scanner.of(url) if url else None


def portions(file: BinaryIO) -> Iterator[bytes]:
    while portion := file.read(PORTION):
        yield portion
