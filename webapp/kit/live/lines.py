"""Lines: one open connection each, in the words of its protocol: server-sent events, or a WebSocket (RFC 6455)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Message, Ping, Request, TextMessage
from wsproto.utilities import ProtocolError

from webapp.kit.errors import Malformed, PatchboardError
from webapp.kit.events import Event
from webapp.kit.permissions import Actor

MESSAGE_BYTES = 16 * 1024
HANDSHAKE = ("Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version")
RETRY = 3000
CLOSE_CODES = {401: 4401, 403: 4403, 429: 4429, 503: 1013}
"""How a WebSocket ends for which status: 4000 to 4999 are ours to give."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Whoever listens: `key` names the credential (one check serves all lines of it), `find` tells who it is now, or raises.

    `until` is when the credential ends by itself, in seconds of the epoch; None for never.
    """

    key: str
    find: Callable[[], Actor]
    until: float | None = None


@dataclass(eq=False)
class Line:
    """A connection. `topics` is what it listens to, `place` whose place it takes (desk.places), `since` the last event that the
    listener knows; `said` are the bytes that the protocol itself has to say."""

    sock: socket.socket
    guest: Guest | None
    address: str
    place: str
    opened: float
    actor: Actor | None = None
    topics: list[str] = field(default_factory=list)
    since: str | None = None
    beaten: float = 0.0
    said: bytearray = field(default_factory=bytearray)
    ends: bool = False
    takes_orders = False

    def heard(self, data: bytes) -> list[Mapping[str, Any] | PatchboardError]:
        """The messages in these bytes. Whoever listens to server-sent events has nothing to say."""
        return []

    def told(self, event: Event, topic: str) -> bytes:
        """An event, as bytes of the wire."""
        raise NotImplementedError

    def noted(self, kind: str, **more: Any) -> bytes:
        """A word about the line itself: subscribed, paused, resumed, reset."""
        raise NotImplementedError

    def failed(self, problem: PatchboardError, *, final: bool, **more: Any) -> bytes:
        """An error; a final one ends the line."""
        raise NotImplementedError

    def beat(self) -> bytes:
        """A sign of life, which also finds out who has gone."""
        raise NotImplementedError


def body_of(problem: PatchboardError, **more: Any) -> dict[str, Any]:
    return {"type": "error", "error": problem.code, "message": problem.message, **more}


class EventStream(Line):
    """Server-sent events, as the HTML standard has them."""

    def told(self, event: Event, topic: str) -> bytes:
        return self._block("change", event.told(topic), event.id)

    def noted(self, kind: str, **more: Any) -> bytes:
        retry = f"retry: {RETRY}\n".encode() if kind == "subscribed" else b""
        place = more.pop("id", "")
        return retry + self._block(kind, {"type": kind, **more}, place)

    def failed(self, problem: PatchboardError, *, final: bool, **more: Any) -> bytes:
        return self._block("ended" if final else "refused", body_of(problem, **more))

    def beat(self) -> bytes:
        return b": beat\n\n"

    def _block(self, name: str, data: dict[str, Any], event_id: str = "") -> bytes:
        place = f"id: {event_id}\n".encode() if event_id else b""
        return place + f"event: {name}\ndata: ".encode() + orjson.dumps(data, default=str) + b"\n\n"


def shake_hands(headers: Any) -> tuple[WSConnection, bytes]:
    """The protocol's machine of a new WebSocket, and the answer to its request; Malformed for what is no handshake (RFC 6455, 4.2)."""
    machine = WSConnection(ConnectionType.SERVER)
    lines = ["GET / HTTP/1.1", *(f"{name}: {headers.get(name, '')}" for name in HANDSHAKE)]
    try:
        machine.receive_data(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if isinstance(next(machine.events(), None), Request):
            return machine, machine.send(AcceptConnection())
    except ProtocolError:
        pass  # its words are about bytes; ours are about what to do
    raise Malformed("This address takes WebSockets: send the handshake of RFC 6455, version 13.", headers={"Sec-WebSocket-Version": "13"})


@dataclass(eq=False)
class WebSocketLine(Line):
    """A WebSocket."""

    machine: WSConnection = field(kw_only=True)
    part: list[str] = field(default_factory=list)
    size: int = 0
    takes_orders = True

    def heard(self, data: bytes) -> list[Mapping[str, Any] | PatchboardError]:
        found: list[Mapping[str, Any] | PatchboardError] = []
        try:
            self.machine.receive_data(data)
            for event in self.machine.events():
                found += self._understood(event)
        except ProtocolError as problem:
            self.said += self.machine.send(CloseConnection(code=1002, reason=str(problem)[:100])) if self._is_open() else b""
            self.ends = True
        return found

    def _understood(self, event: Any) -> list[Mapping[str, Any] | PatchboardError]:
        if isinstance(event, Ping):
            self.said += self.machine.send(event.response())
        elif isinstance(event, CloseConnection):
            self.said += self.machine.send(event.response()) if self._is_open() else b""
            self.ends = True
        elif isinstance(event, TextMessage):
            return self._gathered(event)
        elif isinstance(event, Message):
            self._refuse(1003, "Text messages only.")
        return []

    def _gathered(self, event: TextMessage) -> list[Mapping[str, Any] | PatchboardError]:
        """A message that has come whole; nothing while parts of it are missing."""
        self.size += len(event.data.encode())
        if self.size > MESSAGE_BYTES:
            self._refuse(1009, f"A message has {MESSAGE_BYTES // 1024} KB at most.")
            return []
        self.part.append(event.data)
        if not event.message_finished:
            return []
        text, self.part, self.size = "".join(self.part), [], 0
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            return [PatchboardError("The message is not JSON.", code="malformed_request")]
        return [message] if isinstance(message, dict) else [PatchboardError("Send an object.", code="malformed_request")]

    def _refuse(self, code: int, reason: str) -> None:
        self.said += self.machine.send(CloseConnection(code=code, reason=reason)) if self._is_open() else b""
        self.ends = True

    def _is_open(self) -> bool:
        return self.machine.state.name in ("OPEN", "REMOTE_CLOSING")

    def told(self, event: Event, topic: str) -> bytes:
        return self._text({**event.told(topic), "id": event.id})

    def noted(self, kind: str, **more: Any) -> bytes:
        return self._text({"type": kind, **more})

    def failed(self, problem: PatchboardError, *, final: bool, **more: Any) -> bytes:
        words = self._text(body_of(problem, **more))
        if final and self._is_open():
            words += self.machine.send(CloseConnection(code=CLOSE_CODES.get(problem.status, 1008), reason=problem.code))
        return words

    def beat(self) -> bytes:
        return self.machine.send(Ping()) if self._is_open() else b""

    def _text(self, value: dict[str, Any]) -> bytes:
        return self.machine.send(TextMessage(data=orjson.dumps(value, default=str).decode())) if self._is_open() else b""
