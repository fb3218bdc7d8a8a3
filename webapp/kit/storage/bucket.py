"""S3 (Amazon's and all that speak it) and Azure Blob Storage, by obstore."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import AzureStore, S3Store

from webapp.kit.logs import log
from webapp.kit.storage.address import Address
from webapp.kit.storage.kept import PORTION, Kept, StorageDown, checked

PART = 5 * 1024 * 1024
"""Bytes of one part of a large file: the least that S3 takes; two of them are under way, and so in memory, at a time."""
CLIENT = {"connect_timeout": "3s", "timeout": "60s"}
RETRY: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10),
              "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2}}
PROBE = "health"
T = TypeVar("T")


class OpenObject:
    """An object that is being read."""

    def __init__(self, found: Any) -> None:
        self.found, self.size = found, int(found.meta["size"])

    def __iter__(self) -> Iterator[bytes]:
        """In portions; a server that goes away meanwhile is an error in the middle, which ends the connection of who reads."""
        for portion in self.found.stream(min_chunk_size=PORTION):
            yield bytes(portion)

    def close(self) -> None:
        self.found = None


class Bucket:
    """A bucket or a container. Objects are seen once they are whole; that is what these services promise."""

    def __init__(self, address: Address) -> None:
        self.address, self._store, self._process = address, None, 0

    @property
    def store(self) -> Any:
        """The store, in the process that first used it: its threads do not come along when a process divides, and calls would hang."""
        if self._store is None:
            self._store, self._process = opened(self.address), os.getpid()
        if self._process != os.getpid():
            raise RuntimeError("The storage was used before this process was divided off.")
        return self._store

    def put(self, key: str, content: BinaryIO) -> None:
        content.seek(0)
        self._ask("put", lambda: obstore.put(self.store, checked(key), content, chunk_size=PART, max_concurrency=2), makes=True)

    def take(self, key: str, path: Path) -> None:
        with path.open("rb") as file:
            self.put(key, file)
        path.unlink()

    def open(self, key: str) -> OpenObject:
        return self._ask("open", lambda: OpenObject(obstore.get(self.store, checked(key))))

    def exists(self, key: str) -> bool:
        try:
            self._ask("exists", lambda: obstore.head(self.store, checked(key)))
        except FileNotFoundError:
            return False
        return True

    def delete(self, key: str) -> None:
        try:
            self._ask("delete", lambda: obstore.delete(self.store, checked(key)))
        except FileNotFoundError:  # Azure says so, S3 does not
            return

    def keys(self, below: str) -> Iterator[Kept]:
        pages = self._ask("list", lambda: iter(obstore.list(self.store, checked(below))))
        while (page := self._ask("list", lambda: next(pages, None))) is not None:
            for each in page:
                yield Kept(each["path"], each["last_modified"])

    @contextmanager
    def making(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="patchboard-") as folder:
            yield Path(folder)

    def tidy(self, before: datetime) -> None:
        """The system looks after its temporary directory itself, and a rule of the bucket after parts that never became a whole."""

    def check(self) -> str | None:
        """Reads a small object, and writes it where it is not there yet."""
        try:
            self.open(PROBE)
        except FileNotFoundError:
            self._ask("check", lambda: obstore.put(self.store, PROBE, b"written"), makes=True)
        return None

    def _ask(self, what: str, call: Callable[[], T], *, makes: bool = False) -> T:
        """Asks the service; FileNotFoundError for what is not there. Where something is made, the bucket itself must be what is missing."""
        try:
            return call()
        except FileNotFoundError:
            if not makes:
                raise FileNotFoundError from None
            reason = "no such bucket"
        except (PermissionDeniedError, UnauthenticatedError, PermissionError):
            reason = "refused"
        except (BaseError, OSError) as problem:
            reason = type(problem).__name__
        log().warning("storage_down", verb=what, reason=reason)
        raise StorageDown("not reachable" if reason.endswith("Error") else reason)


def opened(address: Address) -> Any:
    """The store at an address; nothing is asked of it yet."""
    options: Any = {"client_options": {**CLIENT, "allow_http": address.endpoint.startswith("http://")}, "retry_config": RETRY}
    given: Any = {"endpoint": address.endpoint} if address.endpoint else {}
    prefix = address.prefix or None
    if address.scheme == "az":
        secret: Any = {"account_key": address.secret} if address.secret else {}
        return AzureStore(address.bucket, prefix=prefix, account_name=address.user, **given, **secret, **options)
    keys: Any = {"access_key_id": address.user, "secret_access_key": address.secret} if address.user else {}
    token: Any = {"session_token": address.token} if address.user and address.token else {}
    # By path where there is an endpoint of its own: few of those servers have a name for each bucket.
    return S3Store(address.bucket, prefix=prefix, region=address.region, virtual_hosted_style_request=not address.endpoint,
                   **given, **keys, **token, **options)
