"""What is signed of a row of the audit log, how the links of the chain hang together, and what a check may find."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

GENESIS = bytes(32)
"""What stands before the first link."""
EXACT = 2**53
ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
FIELDS = ("id", "at", "actor_kind", "actor_id", "actor_label", "action", "resource_type", "resource_id", "organization_id", "status",
          "ip", "user_agent", "request_id", "changes")


class Kind(StrEnum):
    """What may have happened to a row."""

    CHANGED = "changed"
    CUT = "cut"
    INSERTED = "inserted"
    REMOVED = "removed"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed; `words` say what shows it."""

    kind: Kind
    words: str
    position: int | None = None
    row_id: UUID | None = None
    row_at: datetime | None = None

    def __str__(self) -> str:
        place = f"position {self.position}, " if self.position is not None else ""
        row = f"row {self.row_id}" if self.row_id else "the chain"
        at = f" of {self.row_at.astimezone(UTC).isoformat()}" if self.row_at else ""
        return f"{place}{row}{at}: {self.kind}. {self.words}"


@dataclass(slots=True)
class Entry:
    """A row of the audit log before it is written: what a row says (`audit.models.AuditRow`), without its mac."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    action: str
    resource_type: str
    resource_id: UUID | None
    organization_id: UUID | None
    status: str
    ip: str | None
    user_agent: str | None
    request_id: str | None
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain at some time; kept elsewhere, it proves what the chain was."""

    position: int = 0
    hash: bytes = GENESIS

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"

    @classmethod
    def read(cls, text: str) -> Head:
        """The head that a check has printed; ValueError for anything else."""
        position, _, digest = text.strip().partition(":")
        found = cls(int(position), bytes.fromhex(digest))
        if found.position < 0 or len(found.hash) != len(GENESIS):
            raise ValueError("not a head")
        return found


@dataclass(slots=True)
class Verdict:
    """What a check of the whole chain has found: `first` is the first of `findings` things that are not as they were."""

    head: Head
    sealed_at: datetime | None = None
    unsealed: int = 0
    findings: int = 0
    first: Finding | None = None

    @property
    def is_whole(self) -> bool:
        return not self.findings


def canonical(row: Any) -> bytes:
    """The row as bytes that are the same before it is written and after it was read, on any machine."""
    return ENCODER.encode([_plain(getattr(row, name)) for name in FIELDS]).encode()


def _plain(value: Any) -> Any:
    if value is None or type(value) in (str, bool):  # nearly all of a row, and thousands of rows are signed at once
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value)
    return str(value)


def _number(value: float) -> str | int:
    """A number as JSONB may give it back: 1.0, 1 and 1e0 are one, and beyond 2^53 only what a double holds counts."""
    if abs(value) <= EXACT and value == int(value):
        return int(value)
    return repr(float(value))


def mac_of(key: bytes, row: Any) -> bytes:
    """The keyed digest of a row (HMAC-SHA256)."""
    return hmac.digest(key, b"row\n" + canonical(row), hashlib.sha256)


def link(key: bytes, before: bytes, position: int, mac: bytes) -> bytes:
    """The next link: over the one before, its own position, and the row by its mac (HMAC-SHA256)."""
    return hmac.digest(key, b"seal\n" + before + position.to_bytes(8, "big") + mac, hashlib.sha256)
