"""What every format is written to and told: a file that counts its bytes, what stands before the rows, and how a value becomes a cell."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import orjson

from webapp.kit.clock import stamp
from webapp.reports.values import Brand, Printed, Section


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says before its rows. `facts` are the filters in words; `sections` and `printed` are for paper alone."""

    kind: str
    title: str
    columns: tuple[str, ...]
    parameters: Mapping[str, Any]
    snapshot_at: datetime
    summary: Mapping[str, Any]
    facts: Sequence[tuple[str, str]] = ()
    sections: Sequence[Section] = ()
    printed: Sequence[Printed] = ()
    brand: Brand | None = None


class HashedFile(io.RawIOBase):
    """A new file that keeps count of its bytes and their SHA-256; what is written goes out in order, never back.

    The first error is raised. What comes after it, or after the end, goes nowhere: a half-made archive writes its
    directory once more when it is thrown away, and so would fail a second time.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.file = path, path.open("xb")
        self.size, self.hash, self.is_broken = 0, hashlib.sha256(), False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.is_broken or self.closed:
            return len(data)
        try:
            length = self.put(data)
        except OSError:
            self.is_broken = True
            raise
        self.hash.update(data)
        self.size += length
        return length

    def put(self, data: Any) -> int:
        return self.file.write(data)

    def flush(self) -> None:
        if not self.closed:
            super().flush()

    def close(self) -> None:
        if not self.closed:
            super().close()
            try:
                self.file.close()
            except OSError:
                if not self.is_broken:
                    raise


class Sink(Protocol):
    """One file in the making: `begin` once, `write` for each row, `finish` once."""

    stage: str
    """What is said to people while it is written."""

    def __init__(self, file: HashedFile, folder: Path) -> None: ...

    def begin(self, head: Head) -> None: ...

    def write(self, row: Mapping[str, Any]) -> None: ...

    def finish(self) -> None: ...


def cell(value: Any) -> Any:
    """A value as one cell: times in RFC 3339, yes and no as JSON spells them, lists by comma."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict):
        return as_json(value).decode()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def as_json(value: Any) -> bytes:
    """JSON with times in UTC with `Z`, as everywhere else."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
