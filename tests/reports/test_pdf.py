"""Reports on paper: every kind, with page numbers and what was left out; and nothing is fetched, whatever a report says."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.factories import ago
from tests.reports.published import publish
from webapp.reports.formats import pdf
from webapp.reports.formats.files import Head
from webapp.reports.shelf import KINDS
from webapp.reports.values import Brand, Printed, Section

pytestmark = pytest.mark.skipif(pdf.why_no_pdf() is not None, reason=str(pdf.why_no_pdf()))
PARAMETERS = {"custom": {"dataset": "sites", "columns": ["name", "status"]}}
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf50000003010180"
                    "6fd7ed4e0000000049454e44ae426082")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_printed(app: Any, cast: Any, fleet: Any, post_run: Any, build: Any, kind: str) -> None:
    publish(app, "SA-CONTRIB-2026-001", "secure", "<1.0.5", ago(days=9))
    post_run(fleet[0], ago(hours=2), updates=3, security=1)
    report = build(cast.member, kind=kind, parameters=PARAMETERS.get(kind, {}), formats=["pdf", "csv"])
    assert report["status"] == "done", report["error"]
    answer = cast.member.get(f"/reports/{report['id']}/download", format="pdf")
    assert (answer.headers["Content-Type"], answer.data[:5], pages_of(answer.data) >= 1) == ("application/pdf", b"%PDF-", True)


def test_the_paper_says_what_was_left_out(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MOST_ROWS", 3)
    text = text_of(app, monkeypatch, [{"name": f"Site {number}"} for number in range(7)])
    assert "The first 3 of 7 are printed." in text
    assert "Site 2" in text
    assert "Site 3" not in text


def test_nothing_is_fetched_and_markup_is_text(app: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    import socket
    import urllib.request

    monkeypatch.setattr(socket, "create_connection", lambda *arguments, **more: asked.append("socket"))
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda *arguments, **more: asked.append("open"))
    evil = '<img src="http://192.0.2.1/x.png"><link rel="stylesheet" href="file:///etc/passwd"><style>@import url(http://192.0.2.1/)</style>'
    made = paper(app, [{"name": evil}], title=evil)
    assert made[:5] == b"%PDF-"
    assert asked == []
    fetcher = pdf._fetcher(PNG)
    for address in ("http://192.0.2.1/", "file:///etc/passwd", "data:text/plain,x", f"{tmp_path.as_uri()}/x"):
        with pytest.raises(ValueError, match="Nothing is fetched"):
            fetcher.fetch(address)
    assert fetcher.fetch(pdf.LOGO).read() == PNG


def test_a_brand_stands_in_place_of_the_product(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(app, monkeypatch, [], brand=Brand("Monthly evidence", PNG))
    assert "<h1>Monthly evidence</h1>" in text
    assert 'src="patchboard:logo"' in text
    assert b"/Image" in paper(app, [], brand=Brand("Monthly evidence", PNG))


def test_charts_are_drawn_with_colours_of_their_own(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(app, monkeypatch, [])
    assert re.search(r'<rect fill="#2b9176"[^>]+height="[\d.]+"', text)


@pytest.mark.parametrize(("value", "shown"), [
    (None, "–"), ([], "–"), ("", "–"), (True, "yes"), (1234567, "1,234,567"), (2.345, "2.3"), (["a", "b"], "a, b"),
    ("false_positive", "false positive"), ("search_api", "search_api"), (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02\u00a003:04")])
def test_values_are_written_for_people(value: Any, shown: str) -> None:
    assert pdf.printed(value) == shown


def test_a_worker_without_pango_fails_with_the_reason(cast: Any, fleet: Any, build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "why_no_pdf", lambda: "PDF cannot be made on this server: the system library pango-1.0 is missing.")
    report = build(cast.member, formats=["pdf", "csv"])
    assert (report["status"], report["files"]) == ("failed", [])
    assert report["error"] == "PDF cannot be made on this server: the system library pango-1.0 is missing. Ask for the other formats."


def test_the_page_offers_no_pdf_where_there_is_none(cast: Any, fleet: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp.reports.pages import built

    browser = cast.member.browser()
    assert not re.search(r'value="pdf"[^>]* disabled', browser.get("/reports").get_data(as_text=True))
    monkeypatch.setattr(built, "why_no_pdf", lambda: "PDF cannot be made on this server.")
    page = browser.get("/reports").get_data(as_text=True)
    assert re.search(r'value="pdf"[^>]* disabled', page)
    assert "PDF cannot be made on this server." in page


def test_missing_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf.why_no_pdf.cache_clear()
    monkeypatch.setitem(pdf.LIBRARIES, "pango-1.0", "libpango-of-nowhere.so.0")
    try:
        assert "pango-1.0 is missing" in str(pdf.why_no_pdf())
    finally:
        pdf.why_no_pdf.cache_clear()


# ---- what the tests look at

class Written:
    """A file that keeps what is written to it."""

    def write(self, data: bytes) -> None:
        self.data = data


def paper(app: Any, rows: list[dict[str, Any]], **head: Any) -> bytes:
    """A small report as PDF."""
    with app.app_context():
        file = Written()
        sink = pdf.PdfSink(file, Path())  # type: ignore[arg-type]
        sink.begin(head_of(**head))
        for row in rows:
            sink.write(row)
        sink.finish()
        return file.data


def head_of(title: str = "Sites", brand: Brand | None = None, sections: list[Section] | None = None) -> Head:
    series = [{"key": "ok", "label": "In time", "values": [3, 5]}]
    chart = {"draw": "columns", "series": series, "labels": ["2026-01", "2026-02"], "finding": "Eight in time"}
    parts = sections or [Section("By month", ("Month", "In time"), [("2026-01", 3), ("2026-02", 5)], chart=chart)]
    return Head("custom", title, ("name",), {}, datetime(2026, 3, 1, tzinfo=UTC), {"totals": {"rows": 7}}, [("Tag", "shop")],
                parts, [Printed("name", "Name")], brand)


def text_of(app: Any, monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]], **head: Any) -> str:
    """The document that is laid out, before it is."""
    import weasyprint

    kept: list[str] = []

    class Kept:
        def __init__(self, string: str, url_fetcher: Any) -> None:
            kept.append(string)

        def write_pdf(self, stylesheets: Any) -> bytes:
            assert len(stylesheets) == 1
            return b"%PDF-"

    with monkeypatch.context() as patched:
        patched.setattr(weasyprint, "HTML", Kept)
        paper(app, rows, **head)
    return kept[0]


def pages_of(data: bytes) -> int:
    """How many pages a PDF has, by its objects, packed ones among them."""
    every = data + b"".join(unpacked(part) for part in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL))
    return len(re.findall(rb"/Type\s*/Page\b", every))


def unpacked(part: bytes) -> bytes:
    try:
        return zlib.decompress(part)
    except zlib.error:
        return b""




def test_columns_are_as_wide_as_their_cells() -> None:
    name = "SA-CONTRIB-2026-001"
    rows = [["Advisory", "Days", "Note"], *([name, str(number), "Several words, which may be broken anywhere."] for number in range(30))]
    advisory, days, note = pdf.letters_of(rows)
    assert len(name) < advisory < note
    assert len("Days") < days < 10


def test_one_endless_word_takes_no_column_from_the_others() -> None:
    name, version = pdf.letters_of([["Name", "Version"], ["x" * 4000, "1.0"], *[["Site", "1.0.0-beta12"]] * 20])
    assert name < 50
    assert version > len("1.0.0-beta12")


def test_a_table_that_fits_no_line_lies_across(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LINE", 40)
    narrow, wide = (Section("One", ("Name", "Days"), [("Web", 3)]), Section("Two", ("Name", "Reason"), [("Web", "Why it is so " * 9)] * 3))
    text = text_of(app, monkeypatch, [], sections=[narrow, wide])
    assert re.findall(r'<section class="(part[^"]*)"', text) == ["part-1", "part-2 wide"]
    assert pages_of(paper(app, [], sections=[wide, narrow])) == pages_of(paper(app, [], sections=[narrow])) + 2, "upright, across, upright"


def test_a_share_is_told_in_percent() -> None:
    assert pdf.told("success_rate", 0.925) == "92.5 %"
    assert pdf.told("success_rate", None) == pdf.printed(None)
    assert pdf.told("runs", 1319) == "1,319"
