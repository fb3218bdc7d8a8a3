"""Kinds of channels, one file each: what it takes to reach somebody, and how a message looks there.

A kind is a subclass of `Kind` with a name; it is found because its file lies in this folder. A new one is a file and its test.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import ClassVar
from urllib.parse import urlsplit

import orjson

from webapp.kit import outgoing
from webapp.notify.values import Message, Outcome, Target

KINDS: dict[str, Kind] = {}
LAST_SHOWN = 4
GONE = 410
WITHHELD_FROM = 12


@dataclass(frozen=True, slots=True)
class Means:
    """What a kind may use to deliver: the present, and the rules for requests that leave this server."""

    at: datetime
    rules: outgoing.Rules


class Kind(ABC):
    """One kind of channel. It takes `recipients` (e-mail addresses) or an `endpoint` (a web address), and may sign what it sends."""

    name: ClassVar[str] = ""
    label: ClassVar[str] = ""
    hint: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    takes: ClassVar[str] = "endpoint"
    signs: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        if cls.name:
            KINDS[cls.name] = cls()

    @abstractmethod
    def send(self, target: Target, message: Message, means: Means) -> Outcome:
        """Tries once to deliver, and says what came of it; nothing that the network does is raised."""

    def shown(self, endpoint: str) -> str:
        """As much of an endpoint as may be shown: in Slack and Teams whoever knows all of it can post there."""
        parts = urlsplit(endpoint)
        rest = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return f"{parts.scheme}://{parts.netloc}/…{rest[-LAST_SHOWN:] if len(rest) > WITHHELD_FROM else ''}"


def post_json(target: Target, body: Mapping[str, object], means: Means) -> Outcome:
    """Posts a document, and judges the answer."""
    return post_bytes(target, orjson.dumps(body), {}, means)


def post_bytes(target: Target, body: bytes, headers: Mapping[str, str], means: Means) -> Outcome:
    """The same for a document that is written already, with headers of its own."""
    try:
        reply = outgoing.post(target.endpoint, body, {"Content-Type": "application/json", **headers}, means.rules)
    except outgoing.NotSent as problem:
        return Outcome(False, error=problem.reason)
    return judged(reply)


def judged(reply: outgoing.Reply) -> Outcome:
    """What an answer means: 2xx is taken, 410 wants nothing more, everything else is tried again (redirects are not followed)."""
    if 200 <= reply.status < 300:
        return Outcome(True, reply.status)
    if reply.status == GONE:
        return Outcome(False, reply.status, "The receiver wants no more messages (410).", is_final=True, is_gone=True)
    if 300 <= reply.status < 400:
        return Outcome(False, reply.status, f"The server redirects ({reply.status}), which is not followed.")
    said = f": {reply.text[:200]}" if reply.text and not reply.text.startswith("<") else ""
    return Outcome(False, reply.status, f"The server answered with {reply.status}{said}", reply.retry_after)


for _module in sorted(iter_modules(__path__), key=lambda found: found.name):
    import_module(f"{__name__}.{_module.name}")
