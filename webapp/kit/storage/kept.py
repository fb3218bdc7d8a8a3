"""What every storage can do, and what it says when it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from webapp.kit.errors import Unavailable

KEY = re.compile(r"^[a-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\Z")
LONGEST = 500
PORTION = 256 * 1024
"""Bytes that are read at once."""


class StorageDown(Unavailable):
    """The storage does not answer, or refuses us; `reason` is for operators, and names no key."""

    message = "The storage of files is down. Try again soon."

    def __init__(self, reason: str = "not reachable") -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Kept:
    """One file that is kept: its key, and when it was put there."""

    key: str
    at: datetime


class Content(Protocol):
    """A file that is being read, in portions; `close` it."""

    size: int

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Storage(Protocol):
    """A place for files. All of it raises StorageDown; what looks for a file that is not there raises FileNotFoundError."""

    def put(self, key: str, content: BinaryIO) -> None:
        """Keeps what `content` holds from its beginning, in constant memory; nothing is seen of it before it is whole."""

    def take(self, key: str, path: Path) -> None:
        """Keeps a file that was made in `making`, which is gone from there afterwards."""

    def open(self, key: str) -> Content:
        """What is kept under a key."""

    def exists(self, key: str) -> bool: ...

    def delete(self, key: str) -> None:
        """Deletes a file; one that is not there is no error."""

    def keys(self, below: str) -> Iterator[Kept]:
        """All that is kept below a part of a key (`reports/…`, without a slash at its end)."""

    def making(self) -> AbstractContextManager[Path]:
        """A directory for files in the making, which goes with all that was left there."""

    def tidy(self, before: datetime) -> None:
        """Removes what was in the making before that and was left by a process that died."""

    def check(self) -> str | None:
        """Writes and reads; says what will be wrong soon (`nearly full`), or nothing."""


def is_key(key: str) -> bool:
    """Whether this may be a key: no way out of the storage, and nothing that one of its kinds spells otherwise."""
    return len(key) <= LONGEST and bool(KEY.match(key))


def checked(key: str) -> str:
    if not is_key(key):
        raise ValueError("This is no key of a stored file.")
    return key
