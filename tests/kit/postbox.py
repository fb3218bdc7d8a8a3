"""A mail server for tests: a real one, on a socket of this machine, that keeps what it is given or refuses it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Postbox:
    """What came in, as messages with their envelopes; `answer` other than 250 refuses."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.envelopes.append(envelope)
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return self.answer


@contextlib.contextmanager
def serving(box: Postbox, port: int, **options: Any) -> Iterator[None]:
    """The server, while this lasts."""
    server = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60, **options)
    server.start()
    try:
        yield
    finally:
        server.stop()
