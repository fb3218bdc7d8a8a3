"""Uploads as people see them: the list, one of them, the form, a site's own; and that pages and JSON are twins."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from tests import factories
from tests.files.conftest import CSV, page_saying, pdf_of, picture
from tests.files.test_reports_of_sites import LOCK

IDS = re.compile(r'class="name[^"]*" href="/uploads/([0-9a-f-]{36})"')


@pytest.fixture
def site(app: Any, cast: Any) -> Any:
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall")


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    return str(answer.get_data(as_text=True))


def submit(browser: Any, content: bytes | None = CSV, name: str = "list.csv", **fields: Any) -> Any:
    sent = {name: str(each) for name, each in fields.items()} | {"csrf_token": browser.token()}
    if content is not None:
        sent["file"] = (io.BytesIO(content), name)
    return browser.client.post("/uploads/new", data=sent, headers={"Accept": browser.HTML}, content_type="multipart/form-data")


def test_list_and_page_agree_with_json(cast: Any, upload: Any, site: Any) -> None:
    for content, name in ((CSV, "b.csv"), (picture(), "a.png"), (b"firewall", "c.txt")):
        upload(content, name, site_id=site.id)
    browser = cast.viewer.browser()
    for query in ("", "?sort=name", "?sort=-bytes", "?media_type=text/csv", "?q=firewall", "?scan=clean", "?from=2020-01-01&per_page=2"):
        found = IDS.findall(text_of(browser.get(f"/uploads{query}")))
        assert found == [row["id"] for row in cast.viewer.get(f"/uploads{query}").json["data"]], query
    assert IDS.findall(text_of(browser.get(f"/sites/{site.id}/uploads"))) == [row["id"] for row in cast.viewer.get("/uploads", site_id=str(site.id)).json["data"]]
    assert browser.get("/uploads?sort=text").status_code == cast.viewer.get("/uploads?sort=text").status_code == 422


def test_a_file_is_uploaded_looked_at_deleted_and_restored(cast: Any, upload: Any, client: Any) -> None:
    browser = cast.member.browser()
    assert 'enctype="multipart/form-data"' in text_of(browser.get("/uploads/new"))
    made = submit(browser, picture("PNG", (800, 600)), "photo.png", organization_id=cast.organization.id)
    assert made.status_code == 303
    here = made.headers["Location"]
    shown = text_of(browser.get(here))
    assert "photo.png is kept." in shown
    assert "Not scanned" in shown
    source = re.search(r'<img class="pb-picture" src="(/files/[^"]+)"', shown)
    assert source is not None
    assert client.app.test_client().get(source[1]).mimetype == "image/webp"
    thumb = re.search(r'<img class="pb-thumb" src="(/files/[^"]+)"', text_of(browser.get("/uploads")))
    assert thumb is not None
    assert browser.post(f"{here}/delete").status_code == 303
    assert browser.get(here).status_code == 404
    admin = cast.admin.browser()
    assert "Nobody can download it." in text_of(admin.get(here))
    assert browser.post(f"{here}/restore").status_code == 403
    assert admin.post(f"{here}/restore").status_code == 303
    assert "Restore" not in text_of(browser.get(here))


def test_what_is_refused_stands_at_its_field_with_the_words_of_the_json(cast: Any, upload: Any) -> None:
    browser = cast.member.browser()
    for content, name in ((b"<svg/>", "a.png"), (b"", "empty.csv"), (picture()[:50], "broken.png")):
        told = upload(content, name).json["details"][0]
        text = text_of(submit(browser, content, name, organization_id=cast.organization.id), 422)
        assert f'id="f-{told["field"]}-error"' in text
        assert told["message"].replace("'", "&#39;") in text
    assert "Choose a file." in text_of(submit(browser, None, organization_id=cast.organization.id), 422)
    root = text_of(submit(cast.root.browser()), 422)
    assert 'id="f-organization_id-error"' in root


def test_what_is_too_large_is_a_page_that_says_so(app: Any, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "UPLOAD_MAX_BYTES", 2**20)
    text = text_of(submit(cast.member.browser(), b"a" * 2**21, organization_id=cast.organization.id), 413)
    assert "The file is larger than 1 MB." in text


def test_without_the_token_nothing_is_taken(cast: Any) -> None:
    browser = cast.member.browser()
    sent = {"organization_id": str(cast.organization.id), "file": (io.BytesIO(CSV), "a.csv")}
    answer = browser.client.post("/uploads/new", data=sent, headers={"Accept": browser.HTML}, content_type="multipart/form-data")
    assert answer.status_code == 403
    assert cast.member.get("/uploads").json["data"] == []


def test_viewers_look_and_do_not_upload(cast: Any, upload: Any, site: Any) -> None:
    made = upload(CSV, site_id=site.id).json["data"]
    browser = cast.viewer.browser()
    page = text_of(browser.get(f"/uploads/{made['id']}"))
    assert ("Download" in page, "/delete" in page) == (True, False)
    assert "/uploads/new" not in text_of(browser.get("/uploads")) + text_of(browser.get(f"/sites/{site.id}/uploads"))
    assert browser.get("/uploads/new").status_code == submit(browser).status_code == 403
    assert cast.stranger.browser().get(f"/uploads/{made['id']}").status_code == 404


def test_the_page_of_a_pdf_waits_for_its_text(cast: Any, upload: Any, work: Any) -> None:
    made = upload(pdf_of(*page_saying(b"Quarterly evidence")), "a.pdf").json["data"]
    browser = cast.viewer.browser()
    assert "A worker reads it." in text_of(browser.get(f"/uploads/{made['id']}"))
    work()
    assert "Quarterly evidence" in text_of(browser.get(f"/uploads/{made['id']}"))


def test_a_lock_file_dropped_on_the_connect_page_is_the_first_report(cast: Any, site: Any) -> None:
    browser = cast.member.browser()
    connect = f"/sites/{site.id}/connect"
    assert 'action="/uploads/new"' in text_of(browser.get(connect))
    sent = submit(browser, json.dumps(LOCK).encode(), "composer.lock", site_id=site.id, next=connect)
    assert (sent.status_code, sent.headers["Location"]) == (303, connect)
    arrived = text_of(browser.get(connect))
    assert "composer.lock is a report of 2 modules: 2 added." in arrived
    assert "First report received" in arrived
    twice = json.dumps({**LOCK, "packages": [LOCK["packages"][1]] * 2}).encode()
    refused = text_of(submit(browser, twice, "composer.lock", site_id=site.id, next=connect), 422)
    assert "As a report of the site it is refused" in refused
    assert "Town hall" in refused
    elsewhere = submit(browser, json.dumps(LOCK).encode(), "composer.lock", site_id=site.id, next="https://elsewhere.example/")
    assert elsewhere.headers["Location"] == "/overview"
    other = submit(browser, b'{"some": "thing"}', "a.json", site_id=site.id, next=connect)
    assert "none of the documents that sites report with" in text_of(browser.get(other.headers["Location"]))
    report = browser.get(sent.headers["Location"].replace("/connect", "/uploads"))
    assert "A report of its site" in text_of(report)


def test_the_navigation_leads_there(cast: Any) -> None:
    assert 'href="/uploads"' in text_of(cast.viewer.browser().get("/more"))
