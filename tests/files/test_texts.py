"""What files say: taken from PDF by a worker, from the rest at once; never for ever, and never more than is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from tests.files.conftest import page_saying, pdf_of
from tests.kit import buckets
from webapp.files.formats import pdf
from webapp.files.formats.texts import words_of
from webapp.files.values import TEXT_MOST, Said, TextState
from webapp.kit.db import ALL, rows, unit_of_work
from webapp.kit.storage import KEPT, Address, Bucket


def show(caller: Any, made: Any) -> Any:
    return caller.get(f"/uploads/{made['id']}").json["data"]


def test_a_worker_reads_a_pdf_and_it_is_found_by_its_words(cast: Any, upload: Any, work: Any) -> None:
    made = upload(pdf_of(*page_saying(b"Quarterly evidence")), "evidence.pdf").json["data"]
    assert (made["text_state"], made["text"]) == ("waiting", "")
    assert work() == 1
    read = show(cast.viewer, made)
    assert (read["text_state"], read["text"], read["updated_at"]) == ("whole", "Quarterly evidence", made["updated_at"])
    assert [row["id"] for row in cast.viewer.get("/uploads", q="evidence quarterly").json["data"]] == [made["id"]]


def test_a_pdf_that_cannot_be_read_says_why(cast: Any, upload: Any, work: Any, tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    files = {"It is locked with a password.": (tmp_path / "locked.pdf").read_bytes(), "It is broken.": b"%PDF-1.7\nnothing of it"}
    found = {note: upload(content, "a.pdf").json["data"] for note, content in files.items()}
    work()
    for note, made in found.items():
        assert (show(cast.viewer, made)["text_state"], show(cast.viewer, made)["text_note"]) == ("unreadable", note)


LOOPS = {
    "pages in a circle": pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>"),
    "an object of itself": pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"2 0 R"),
    "a table of itself": b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF\n",
    "a stream that grows": pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                                  b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>", b"<</Length 999999999999>>stream\nBT\nendstream"),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_pdf_that_leads_nowhere_ends(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(LOOPS[name])
    assert pdf.text_of(path).state in (TextState.UNREADABLE, TextState.NONE)


def test_of_a_pdf_with_very_many_pages_the_first_are_read(tmp_path: Path) -> None:
    root, _, page, drawn, font = page_saying(b"again")
    kids = b" ".join(b"3 0 R" for _ in range(100_000))
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_of(root, b"<</Type/Pages/Kids[%s]/Count 100000>>" % kids, page, drawn, font))
    said = pdf.text_of(path)
    assert (said.state, said.text.count("again")) in ((TextState.CUT, 200), (TextState.UNREADABLE, 0))


def test_a_reader_that_takes_too_long_or_dies_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "reader.py"
    monkeypatch.setattr(pdf, "READER", program)
    for text, seconds, note in (("import time; time.sleep(60)", 1, "slow"), ("import os; os.kill(os.getpid(), 9)", 60, "slow"),
                                ("raise MemoryError", 60, "large")):
        program.write_text(text)
        monkeypatch.setattr(pdf, "SECONDS", seconds)
        assert pdf.text_of(tmp_path / "a.pdf") == Said(TextState.UNREADABLE, note=pdf.NOTES[note])


def test_reading_waits_for_a_storage_that_is_down(app: Any, upload: Any, cast: Any, work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with buckets.serving() as server:
        monkeypatch.setitem(app.extensions, KEPT, Bucket(Address("s3", buckets.BUCKET, "", server.address, buckets.REGION, buckets.USER, buckets.SECRET)))
        made = upload(pdf_of(*page_saying(b"Words"))).json["data"]
        server.is_down = True
        work()
        with app.app_context(), unit_of_work(ALL):
            assert [row.state for row in rows("SELECT state FROM job_outbox")] == ["waiting"]
        assert show(cast.viewer, made)["text_state"] == "waiting"


def test_text_of_json_csv_and_plain_files(upload: Any) -> None:
    body = {"name": "drupal/webform", "deep": {"list": [1, None, True, "Zürich"]}}
    made = upload(json.dumps(body).encode(), "a.json").json["data"]
    assert (made["text"], made["text_state"]) == ("name\ndrupal/webform\ndeep\nlist\n1\nZürich", "whole")
    assert upload(b"a,b\n1,2\n").json["data"]["text"] == "a,b\n1,2"
    long = upload(b"word " * 50_000, "long.txt").json["data"]
    assert (long["text_state"], len(long["text"])) == ("cut", TEXT_MOST)
    deep = upload(b"[" * 100_000 + b"]" * 100_000, "deep.json").json["data"]
    assert (deep["media_type"], deep["text_state"]) == ("text/plain", "cut")
    nul = upload(b'{"a": "\\u0000x\\ud83d"}', "nul.json").json["data"]
    assert (nul["media_type"], nul["text"]) in (("application/json", "a\nx"), ("text/plain", '{"a": "\\u0000x\\ud83d"}'))


LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=20)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=10))
def test_the_words_of_a_document_are_its_names_and_texts_in_order(document: Any) -> None:
    def walk(each: Any) -> list[str]:
        if isinstance(each, dict):
            return [part for name, value in each.items() for part in [name, *walk(value)]]
        if isinstance(each, list):
            return [part for value in each for part in walk(value)]
        return [] if each is None or isinstance(each, bool) else [str(each)]

    assert words_of(document) == ("\n".join(walk(document)), True)
    said = Said.of(*words_of(document))
    assert "\0" not in said.text
    assert len(said.text) <= TEXT_MOST
