"""Cells of CSV: no spreadsheet runs what somebody typed, and numbers stay numbers."""

from __future__ import annotations

import csv
import io

import pytest

from tests import factories
from webapp.kit.sheets import Writer


def written(*cells):
    text = io.StringIO(newline="")
    Writer(text).writerow(cells)
    text.seek(0)
    return next(csv.reader(text))


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", " =1+1", "\t=1+1", "  \t -1+1", "\r\n=1+1", "\n@SUM(A1)", "\u00a0+1+1",
                                  "\u3000=1+1", "\ufeff=1+1", "\u200b=1+1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", " \uff1d1+1"])
def test_what_would_be_a_formula_is_text(cell):
    assert written(cell) == ["'" + cell]


@pytest.mark.parametrize("cell", ["-5", "-5.25", "-1,000", " -5", "5", "", "name", "a=b", " a", "a -b", "\u00e9=", "\uff11", "  ", "'=1"])
def test_numbers_and_plain_words_stay_as_they_are(cell):
    assert written(cell) == [cell]


def test_other_values_are_written_as_ever():
    assert written(-5, 1.5, None, True) == ["-5", "1.5", "", "True"]


@pytest.mark.parametrize("name", ["x", "\uff1dHYPERLINK(1)"])
def test_an_export_of_a_list_is_defused(app, cast, name):
    with factories.writing(app):
        factories.site(cast.organization, name=name)
    rows = list(csv.DictReader(io.StringIO(cast.admin.get("/sites", format="csv").get_data(as_text=True))))
    assert [row["name"] for row in rows] == ["x" if name == "x" else "'" + name]
