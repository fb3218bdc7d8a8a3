"""Files of a report as tables, written row by row in constant memory."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter

from webapp.kit.clock import stamp
from webapp.kit.sheets import Writer
from webapp.reports.formats.files import HashedFile, Head, as_json, cell

MOST_ROWS = 1_048_575
"""Rows of a worksheet below its header, as Excel has it; what comes after goes on in the next sheet."""
WORKBOOK = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class CsvSink:
    """CSV (RFC 4180) in UTF-8; cells that a spreadsheet would run are defused."""

    stage = "Writing CSV"

    def __init__(self, file: HashedFile, folder: Path) -> None:
        self.text = io.TextIOWrapper(io.BufferedWriter(file, 2**16), encoding="utf-8", newline="")
        self.rows = Writer(self.text)
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
        place = len(facts) + 1
        for section in (each for each in head.sections if each.rows):
            sheet.write(place, 0, section.title, self.bold)
            for row_number, row in enumerate((section.heads, *section.rows), start=place + 1):
                sheet.write_row(row_number, 0, [cell(value) for value in row])
            place += len(section.rows) + 3
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
