"""A directory, which web and workers must both see."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from webapp.kit.storage.kept import PORTION, Kept, StorageDown, checked

MAKING = ".making"
LEAST_SPACE = 64 * 1024 * 1024
T = TypeVar("T")


class OpenFile:
    """A file on the disk that is being read."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size = file, os.fstat(file.fileno()).st_size

    def __iter__(self) -> Iterator[bytes]:
        while portion := self.file.read(PORTION):
            yield portion

    def close(self) -> None:
        self.file.close()


class Disk:
    """Files in a directory: written beside it, brought to the disk, then named, so that a crash leaves the whole file or none."""

    def __init__(self, directory: str | Path) -> None:
        self.root = Path(directory).resolve()

    def put(self, key: str, content: BinaryIO) -> None:
        content.seek(0)
        with self.making() as folder:
            path = folder / "file"
            with _named(path.open, "xb") as file:
                _named(shutil.copyfileobj, content, file, PORTION)
            self.take(key, path)

    def take(self, key: str, path: Path) -> None:
        place = self._path(key)
        try:
            _settle(path, os.O_RDONLY)
            _name(path, place)
            _settle(place.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as problem:
            raise StorageDown(f"not writable: {problem.strerror}") from problem

    def open(self, key: str) -> OpenFile:
        try:
            return OpenFile(self._path(key).open("rb"))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise FileNotFoundError(key) from None
        except OSError as problem:
            raise StorageDown(f"not readable: {problem.strerror}") from problem

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as problem:
            raise StorageDown(f"not writable: {problem.strerror}") from problem
        for folder in path.parents:
            if folder == self.root:
                break
            with suppress(OSError):  # there are other files in it
                folder.rmdir()

    def keys(self, below: str) -> Iterator[Kept]:
        for path in sorted(self._path(below).rglob("*")):
            with suppress(FileNotFoundError):  # deleted while we looked
                if path.is_file():
                    yield Kept(path.relative_to(self.root).as_posix(), datetime.fromtimestamp(path.stat().st_mtime, UTC))

    @contextmanager
    def making(self) -> Iterator[Path]:
        """On the same file system, so that what was made here only needs its name."""
        place = self.root / MAKING
        _named(place.mkdir, parents=True, exist_ok=True)
        folder = Path(_named(tempfile.mkdtemp, dir=place))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def tidy(self, before: datetime) -> None:
        for folder in (self.root / MAKING).glob("*"):
            with suppress(FileNotFoundError):  # its process has ended it meanwhile
                if folder.stat().st_mtime < before.timestamp():
                    shutil.rmtree(folder, ignore_errors=True)

    def check(self) -> str | None:
        """Writes a nameless file; `nearly full` with less than 64 MB."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root) as file:
                file.write(b"written")
                file.flush()
        except OSError:
            raise StorageDown("not writable") from None
        return "nearly full" if shutil.disk_usage(self.root).free < LEAST_SPACE else None

    def _path(self, key: str) -> Path:
        return self.root / checked(key)


def _named(call: Callable[..., T], *arguments: Any, **named: Any) -> T:
    try:
        return call(*arguments, **named)
    except OSError as problem:
        raise StorageDown(f"not writable: {problem.strerror}") from problem


def _name(path: Path, place: Path, tries: int = 5) -> None:
    """Gives a file its name; who deletes another file at this moment may take the empty directory away, which is then made again."""
    for left in reversed(range(tries)):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.replace(place)
            return
        except FileNotFoundError:
            if not left or not path.exists():
                raise


def _settle(path: Path, flags: int) -> None:
    """Brings a file, or the names in a directory, to the disk."""
    number = os.open(path, flags)
    try:
        os.fsync(number)
    finally:
        os.close(number)
