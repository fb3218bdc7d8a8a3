"""Exports: every row of a list as CSV or XLSX, streamed, with formulas made harmless."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from typing import Any

import orjson
import xlsxwriter
from defusedcsv import csv as safe_csv
from flask import Response, request, stream_with_context
from marshmallow import Schema

from webapp.kit.db import NOTHING, db, enter_scope
from webapp.kit.listing import Listing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"application/json": "json", "text/csv": "csv", XLSX: "xlsx"}
PORTION = 64 * 1024


def wanted() -> str:
    """The format that the `Accept` header prefers; JSON unless an export is asked for."""
    return FORMATS[request.accept_mimetypes.best_match(FORMATS, "application/json")]


def export(listing: Listing, schema: Schema, asked: dict[str, Any], name: str) -> Response:
    """The whole list as a download in the format that was asked for."""
    columns = list(schema.dump_fields)
    dumped = ([cell(row.get(column)) for column in columns] for row in _walled(listing, schema, asked["sort"]))
    lines = csv_lines(columns, dumped) if asked["format"] == "csv" else xlsx_portions(columns, dumped)
    mimetype = "text/csv; charset=utf-8" if asked["format"] == "csv" else XLSX
    answer = Response(stream_with_context(lines), content_type=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{asked["format"]}"'
    return answer


def _walled(listing: Listing, schema: Schema, sort: list[str]) -> Iterator[Any]:
    """The dumped rows. They are read while the answer is sent, in a session of their own, so the walls are raised again."""
    scope = db.session().info.get("scope", NOTHING)

    def rows() -> Iterator[Any]:
        enter_scope(scope)
        try:
            yield from map(schema.dump, listing.stream(sort))
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
    writer = safe_csv.writer(buffer, quoting=csv.QUOTE_MINIMAL)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > PORTION:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def xlsx_portions(columns: list[str], rows: Iterator[list[Any]]) -> Iterator[bytes]:
    """A workbook, written to disk row by row and sent in portions; text never becomes a formula or a link."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet("Rows")
            sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
            for number, row in enumerate(rows, 1):
                sheet.write_row(number, 0, row)
        file.seek(0)
        while portion := file.read(PORTION):
            yield portion
