"""Exports: every row of a list as CSV or XLSX, streamed, with formulas made harmless."""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Iterator
from typing import Any

import orjson
import xlsxwriter
from flask import Response, request, stream_with_context
from marshmallow import Schema

from webapp.kit.db import db, enter_scope, present_scope
from webapp.kit.listing import Listing
from webapp.kit.logs import log
from webapp.kit.sheets import Writer
from webapp.kit.web import limits

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"application/json": "json", "text/csv": "csv", XLSX: "xlsx"}
PORTION = 64 * 1024
SHEET_ROWS = 2**20 - 1
WORKBOOK = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def wanted() -> str:
    """The format that the `Accept` header prefers; JSON unless an export is asked for."""
    return FORMATS[request.accept_mimetypes.best_match(FORMATS, "application/json")]


class Export(Response):
    """A download that is made while it is sent."""


def export(listing: Listing, schema: Schema, asked: dict[str, Any], rule: str) -> Export:
    """The whole list as a download in the format that was asked for, named after its address."""
    limits.spend("exports", "LIMIT_EXPORTS", limits.caller())
    columns = list(schema.dump_fields)
    dumped = ([cell(row.get(column)) for column in columns] for row in _walled(listing, schema, asked["sort"]))
    lines = csv_lines(columns, dumped) if asked["format"] == "csv" else xlsx_portions(columns, dumped)
    mimetype = "text/csv; charset=utf-8" if asked["format"] == "csv" else XLSX
    answer = Export(stream_with_context(lines), content_type=mimetype)
    name = "-".join(part for part in rule.strip("/").split("/") if not part.startswith("<"))
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{asked["format"]}"'
    return answer


def begin(answer: Response) -> None:
    """Makes the first portion of an export before its headers are sent: what fails at once is an error, and not a broken file.

    What fails later breaks the connection off in the middle, so that nobody takes a part for the whole.
    """
    if not isinstance(answer, Export) or request.method == "HEAD":
        return
    portions: Any = answer.response
    first = next(portions, None)
    answer.response = itertools.chain([] if first is None else [first], portions)
    answer.call_on_close(portions.close)


def _walled(listing: Listing, schema: Schema, sort: list[str]) -> Iterator[Any]:
    """The dumped rows. They are read while the answer is sent, in a transaction of their own, so the walls are raised again."""
    scope, person = present_scope()

    def rows() -> Iterator[Any]:
        enter_scope(scope, person)
        try:
            yield from map(schema.dump, listing.stream(sort))
        except Exception as problem:
            log().error("export_broken", kind=type(problem).__name__, exc_info=problem)
            raise
        finally:
            db.session.remove()

    return rows()


def cell(value: Any) -> Any:
    """A value as one cell: lists of words by comma, structures as JSON."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return orjson.dumps(value, default=str).decode() if isinstance(value, (list, dict)) else value


def csv_lines(columns: list[str], rows: Iterator[list[Any]]) -> Iterator[str]:
    """CSV (RFC 4180) line by line; cells that a spreadsheet would run are defused."""
    buffer = io.StringIO()
    writer = Writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > PORTION:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def xlsx_portions(columns: list[str], rows: Iterator[list[Any]]) -> Iterator[bytes]:
    """A workbook, written to disk row by row and sent in portions; text never becomes a formula or a link.

    A sheet has 1,048,576 rows; what is more goes on in the next one.
    """
    with tempfile.TemporaryFile() as file:
        with xlsxwriter.Workbook(file, WORKBOOK) as book:
            bold = book.add_format({"bold": True})
            sheet, number = None, 0
            for row in itertools.chain(rows, [None]):
                if sheet is None or (row is not None and number == SHEET_ROWS):
                    sheet, number = book.add_worksheet(), 0
                    sheet.write_row(0, 0, columns, bold)
                if row is not None:
                    number += 1
                    sheet.write_row(number, 0, row)
        file.seek(0)
        while portion := file.read(PORTION):
            yield portion
