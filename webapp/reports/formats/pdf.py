"""A report on paper: PDF by WeasyPrint, in the worker alone, from a template and numbers, with nothing fetched from anywhere.

WeasyPrint is imported where a PDF is made and nowhere else: it loads the system's Pango, which a machine may lack.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from flask import current_app

from webapp.kit.clock import now
from webapp.kit.web import drawing
from webapp.kit.web.formatting import DASH, percent, thousands
from webapp.reports.formats.files import HashedFile, Head

MOST_ROWS = 500
"""Rows that are printed. Layout holds all of them in memory: about 170 MB and ten seconds for these; the other formats have no end."""
TEMPLATE, SHEET = "reports/pdf/report.html", "reports/pdf/report.css"
LOGO = "patchboard:logo"
WORDS = {"false_positive": "false positive", "rolled_back": "rolled back"}
HEADS = {"percentage": "Deadlines kept, %", "success_rate": "Share of runs that succeeded", "false_positive": "Called false positives",
         "waived": "Lifted by a decision", "met": "Fixed in time", "missed": "Fixed late", "overdue": "Open past the deadline",
         "silent": "Silent sites", "never_reported": "Sites that never reported"}
LIBRARIES = {"gobject-2.0": "libgobject-2.0.so.0", "pango-1.0": "libpango-1.0.so.0", "pangoft2-1.0": "libpangoft2-1.0.so.0",
             "harfbuzz": "libharfbuzz.so.0", "fontconfig": "libfontconfig.so.1"}
NO_PANGO = "PDF cannot be made on this server: the system library {name} is missing (on Debian: libpango-1.0-0, libpangoft2-1.0-0)."


SHARES = {"success_rate"}
MOST_LETTERS, MOST_UNBROKEN, LEAST_LETTERS, GAP = 44, 30, 4, 3
LINE = 115
"""Letters in a line of A4 upright, at the size of tables; a table that wants more lies across."""


class NotPrintable(Exception):
    """PDF cannot be made here; the message is a sentence for people."""


@cache
def why_no_pdf() -> str | None:
    """Why this machine can make no PDF, as a sentence for people; None where it can."""
    for name, linux in LIBRARIES.items():
        try:
            ctypes.CDLL(linux if sys.platform.startswith("linux") else ctypes.util.find_library(name) or name)
        except OSError:
            return NO_PANGO.format(name=name)
    return None


class PdfSink:
    """The summary and the first rows as PDF; where rows are left out, the paper says how many and where they are."""

    stage = "Printing PDF"

    def __init__(self, file: HashedFile, folder: Path) -> None:
        reason = why_no_pdf()
        if reason:
            raise NotPrintable(reason)
        self.file = file
        self.rows: list[list[str]] = []
        self.count = 0

    def begin(self, head: Head) -> None:
        self.head = head

    def write(self, row: Mapping[str, Any]) -> None:
        self.count += 1
        if len(self.rows) < MOST_ROWS:
            self.rows.append([printed(row[column.field]) for column in self.head.printed])

    def finish(self) -> None:
        self.file.write(pdf_of(self.head, self.rows, self.count))


def pdf_of(head: Head, rows: list[list[str]], count: int) -> bytes:
    """The report laid out on A4."""
    for name in ("weasyprint", "weasyprint.progress"):
        logging.getLogger(name).setLevel(logging.ERROR)  # they tell of each step, and of what was not fetched
    from weasyprint import CSS, HTML

    tables = {f"part-{number}": letters_of([part.heads, *([printed(cell) for cell in row] for row in part.rows)])
              for number, part in enumerate(head.sections, 1)}
    tables["rows"] = letters_of([[column.head for column in head.printed], *rows])
    template = current_app.jinja_env.get_template(TEMPLATE)
    logo = head.brand.logo if head.brand else None
    text = template.render(head=head, rows=rows, count=count, drawing=drawing, printed=printed, told=told, words=words, tables=tables,
                           line=LINE, made_at=now(),
                           logo=LOGO if logo else None)
    fetcher = _fetcher(logo)
    sheet = CSS(string=current_app.jinja_env.get_template(SHEET).render(tables=tables), url_fetcher=fetcher)
    pdf: bytes = HTML(string=text, url_fetcher=fetcher).write_pdf(stylesheets=[sheet])
    return pdf


def letters_of(rows: Sequence[Sequence[str]]) -> list[int]:
    """How many letters each column of a table wants: what nearly all of its cells have, and no less than nearly all of their words.

    Columns get their widths by it: layout by content would have the renderer measure every cell twice.
    """
    return [max(min(_nearly_all(cells), MOST_LETTERS),
                min(_nearly_all([max(cell.split(" "), key=_letters) for cell in cells]), MOST_UNBROKEN), LEAST_LETTERS) + GAP
            for cells in zip(*rows, strict=True)]


def _nearly_all(texts: Iterable[str]) -> int:
    lengths = sorted(_letters(each) for each in texts)
    return ceil(lengths[(len(lengths) - 1) * 9 // 10])


def _letters(text: str) -> float:
    """The length of a text in letters; digits are all as wide as the widest of them, and capitals are wider than letters."""
    return sum(1.2 if each.isdigit() or each.isupper() else 1 for each in text)


def _fetcher(logo: bytes | None) -> Any:
    """Gives the logo, which is in memory already, and refuses every address."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Nothing(URLFetcher):
        """Fetches nothing, whatever a text in the report says."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url == LOGO and logo is not None:
                return URLFetcherResponse(url, logo, {"Content-Type": "image/png"})
            raise ValueError("Nothing is fetched.")

    return Nothing(allowed_protocols=())


def printed(value: Any) -> str:
    """A value as it is read on paper; what is not known is a dash."""
    if value is None or (isinstance(value, (str, list)) and not value):
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}\u00a0{value:%H:%M}"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{words(str(name))} {printed(each)}" for name, each in value.items())
    if isinstance(value, int):
        return thousands(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    return WORDS.get(value, str(value))


def told(name: str, value: Any) -> str:
    """A number of the summary as it is read on paper; a share, which is a fraction, in percent."""
    return percent(100 * value, 1) if name in SHARES and value is not None else printed(value)


def words(name: str) -> str:
    """The name of a field as a head: `security_updates` is "Security updates"."""
    return HEADS.get(name) or name.replace("_", " ").capitalize()
