"""Value objects of reports: formats, states, where files lie, and what a builder is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from webapp.kit.logs import log
from webapp.kit.storage import Storage, StorageDown

ATTEMPTS = 10
"""How far `attempt` moves on when a report is retried: further than one job ever counts, so that no builder of the job before
can pass for one of the new job."""
GRANULARITIES = ("day", "week", "month")
UNKNOWN_SEVERITY = "unknown"
SEVERITIES = ("critical", "high", "moderate", "low", UNKNOWN_SEVERITY)


class Format(StrEnum):
    """What a report can be built as; PDF where the system has Pango."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    PDF = "pdf"


MIMETYPES = {Format.CSV: "text/csv; charset=utf-8", Format.JSON: "application/json", Format.PDF: "application/pdf",
             Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class Status(StrEnum):
    """Where a report stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (Status.QUEUED, Status.RUNNING)


@dataclass(frozen=True, slots=True)
class Brand:
    """What a report carries instead of the product's own: a title, and a logo as the bytes of a PNG."""

    title: str | None = None
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """A column of the rows as it is printed: the field, its head, and whether it is a number."""

    field: str
    head: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a printed report before its rows: numbers in a table, and perhaps a chart of them.

    `heads` are the columns' names, the first of words and the others of numbers unless `words` says how many are words.
    `chart` has `draw` (columns or lines), `series`, `labels` and `finding`, as kit/web/drawing.py takes them.
    """

    title: str
    heads: tuple[str, ...] = ()
    rows: Sequence[Sequence[Any]] = ()
    note: str = ""
    words: int = 1
    chart: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What a builder is to make; `view` are the organizations it may look into, None for all."""

    report_id: UUID
    attempt: int
    kind: str
    title: str
    parameters: dict[str, Any]
    formats: tuple[Format, ...]
    view: tuple[UUID, ...] | None
    brand: Brand | None = None
    schedule_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """One finished file: `path` is its key in the storage, and the hash that of its bytes."""

    format: Format
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Built:
    """All that came of a build, from one snapshot."""

    files: tuple[BuiltFile, ...]
    rows: int
    snapshot_at: datetime


def folder_of(report_id: UUID | str, attempt: int | None = None) -> str:
    """How the keys of a report's files begin; each attempt has its own."""
    whole = f"reports/{report_id}"
    return whole if attempt is None else f"{whole}/{attempt}"


def remove_files(storage: Storage, report_id: UUID, keep: int | None = None) -> None:
    """Removes the files of a report, or of all its attempts but `keep`."""
    clear(storage, folder_of(report_id), None if keep is None else f"{folder_of(report_id, keep)}/")


def clear(storage: Storage, below: str, but: str | None = None) -> None:
    """Removes what is kept below a part of a key, or all of it `but` what begins so; while the storage is down it is left there."""
    try:
        for file in list(storage.keys(below)):
            if but is None or not file.key.startswith(but):
                storage.delete(file.key)
    except StorageDown as problem:
        log().warning("report_files_left", below=below, reason=problem.reason)
