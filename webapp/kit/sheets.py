"""CSV for spreadsheets: what they would run as a formula is made text, also where it hides behind spaces or in full width."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import Any, TextIO

from defusedcsv import csv as safe_csv

HIDDEN = re.compile(r"[\s\ufeff\u200b]+[=+\-@|%]|[\s\ufeff\u200b]*[\uff1d\uff0b\uff0d\uff20]")
"""Beginnings of a cell that spreadsheets trim or fold to those that defusedcsv knows."""
NUMBER = re.compile(r"\s*-?[0-9,.]+\s*\Z")


class Writer:
    """Writes rows as CSV (RFC 4180); numbers stay numbers, negative ones too."""

    def __init__(self, file: TextIO | Any) -> None:
        self._writer = safe_csv.writer(file, quoting=csv.QUOTE_MINIMAL)

    def writerow(self, row: Iterable[Any]) -> None:
        self._writer.writerow([defused(value) for value in row])


def defused(value: Any) -> Any:
    """The value, with an apostrophe before text that would be a formula once it is trimmed; what begins with its sign is defusedcsv's."""
    if isinstance(value, str) and HIDDEN.match(value) and not NUMBER.match(value):
        return "'" + value
    return value
