"""Files of a report, written row by row in constant memory; their hashes are taken from the bytes on their way to the disk."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import orjson
import xlsxwriter
from defusedcsv import csv as safe_csv

from webapp.kit.clock import stamp
from webapp.reports.values import Format

MOST_ROWS = 1_048_575
"""Rows of a worksheet below its header, as Excel has it; what comes after goes on in the next sheet."""
WORKBOOK = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True)
class Head:
    """What a file says before its rows."""

    kind: str
    title: str
    columns: tuple[str, ...]
    parameters: Mapping[str, Any]
    snapshot_at: datetime
    summary: Mapping[str, Any]


class HashedFile(io.RawIOBase):
    """A new file that keeps count of its bytes and their SHA-256; what is written goes out in order, never back.

    The first error is raised. What comes after it, or after the end, goes nowhere: a half-made archive writes its
    directory once more when it is thrown away, and so would fail a second time.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.file = path.open("xb")
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

    def settle(self) -> None:
        """Brings everything to the disk before the file gets its name."""
        self.file.flush()
        os.fsync(self.file.fileno())


class Sink(Protocol):
    """One file in the making: `begin` once, `write` for each row, `finish` once."""

    stage: str

    def __init__(self, file: HashedFile, folder: Path) -> None: ...

    def begin(self, head: Head) -> None: ...

    def write(self, row: Mapping[str, Any]) -> None: ...

    def finish(self) -> None: ...


class CsvSink:
    """CSV (RFC 4180) in UTF-8; cells that a spreadsheet would run are defused."""

    stage = "Writing CSV"

    def __init__(self, file: HashedFile, folder: Path) -> None:
        self.text = io.TextIOWrapper(io.BufferedWriter(file, 2**16), encoding="utf-8", newline="")
        self.rows = safe_csv.writer(self.text, quoting=csv.QUOTE_MINIMAL)
        self.columns: tuple[str, ...] = ()

    def begin(self, head: Head) -> None:
        self.columns = head.columns
        self.rows.writerow(head.columns)

    def write(self, row: Mapping[str, Any]) -> None:
        self.rows.writerow([cell(row[column]) for column in self.columns])

    def finish(self) -> None:
        self.text.flush()


class JsonSink:
    """One JSON object: the summary with its `totals`, then `data`, a row an object."""

    stage = "Writing JSON"

    def __init__(self, file: HashedFile, folder: Path) -> None:
        self.bytes = io.BufferedWriter(file, 2**16)
        self.columns: tuple[str, ...] = ()
        self.is_first = True

    def begin(self, head: Head) -> None:
        self.columns = head.columns
        opening = {"kind": head.kind, "title": head.title, "snapshot_at": head.snapshot_at, "parameters": dict(head.parameters),
                   **head.summary}
        self.bytes.write(as_json(opening)[:-1] + b',"data":[')

    def write(self, row: Mapping[str, Any]) -> None:
        self.bytes.write((b"\n" if self.is_first else b",\n") + as_json({column: row[column] for column in self.columns}))
        self.is_first = False

    def finish(self) -> None:
        self.bytes.write(b"\n]}\n")
        self.bytes.flush()


class XlsxSink:
    """A workbook: a sheet with the totals, and the rows, on as many sheets as they need. Text never becomes a formula or a link."""

    stage = "Writing Excel"

    def __init__(self, file: HashedFile, folder: Path) -> None:
        self.book = xlsxwriter.Workbook(file, {**WORKBOOK, "tmpdir": str(folder)})
        self.book.use_zip64()
        self.bold = self.book.add_format({"bold": True})
        self.columns: tuple[str, ...] = ()
        self.sheets, self.number = 0, 0

    def begin(self, head: Head) -> None:
        self.columns = head.columns
        sheet = self.book.add_worksheet("Summary")
        sheet.set_column(0, 1, 28)
        facts = {"Report": head.title, "As of": stamp(head.snapshot_at), **head.parameters, **head.summary["totals"]}
        for number, (name, value) in enumerate(facts.items()):
            sheet.write(number, 0, name, self.bold)
            sheet.write(number, 1, cell(value))
        self._next_sheet()

    def _next_sheet(self) -> None:
        self.sheets, self.number = self.sheets + 1, 0
        self.sheet = self.book.add_worksheet("Rows" if self.sheets == 1 else f"Rows {self.sheets}")
        self.sheet.set_column(0, len(self.columns) - 1, 18)
        self.sheet.freeze_panes(1, 0)
        self.sheet.write_row(0, 0, self.columns, self.bold)

    def write(self, row: Mapping[str, Any]) -> None:
        if self.number == MOST_ROWS:
            self._next_sheet()
        self.number += 1
        self.sheet.write_row(self.number, 0, [cell(row[column]) for column in self.columns])

    def finish(self) -> None:
        self.book.close()


SINKS: dict[Format, type[Sink]] = {Format.CSV: CsvSink, Format.XLSX: XlsxSink, Format.JSON: JsonSink}


def cell(value: Any) -> Any:
    """A value as one cell: times in RFC 3339, yes and no as JSON spells them, lists by comma."""
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def as_json(value: Any) -> bytes:
    """JSON with times in UTC with `Z`, as everywhere else."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
