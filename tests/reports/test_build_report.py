"""A built report from request to download."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests import factories
from webapp.kit.db import execute
from webapp.reports import schemas
from webapp.reports.formats import files, pdf, tables
from webapp.reports.jobs import building

KINDS = ["csv", "xlsx", "json"]


def storage(app: Any) -> Path:
    return Path(app.config["STORAGE_DIR"])


def files_of(app: Any, report: Any) -> list[str]:
    return sorted(each.name for each in (storage(app) / "reports" / report["id"]).rglob("*") if each.is_file())


def test_requested_built_and_downloaded(app: Any, cast: Any, fleet: Any, work: Any) -> None:
    asked = cast.member.post("/reports", {"kind": "module_updates", "formats": KINDS,
                                          "parameters": {"organization_id": str(cast.organization.id)}})
    assert asked.status_code == 202
    queued = asked.json["data"]
    assert asked.headers["Location"] == f"/api/v1/reports/{queued['id']}"
    assert (queued["status"], queued["progress"], queued["sha256"], queued["stage"]) == ("queued", 0, {}, "Waiting for a worker")
    assert work() == 1
    done = cast.member.get(asked.headers["Location"]).json["data"]
    assert (done["status"], done["progress"], done["rows"], done["stage"], done["error"]) == ("done", 100, 3, "Done", None)
    started, built, finished = (datetime.fromisoformat(done[name]) for name in ("started_at", "snapshot_at", "finished_at"))
    assert started <= built <= finished
    assert [file["format"] for file in done["files"]] == KINDS
    for form in KINDS:
        answer = cast.member.get(f"/reports/{done['id']}/download", format=form)
        assert answer.status_code == 200
        assert hashlib.sha256(answer.data).hexdigest() == done["sha256"][form] == answer.headers["ETag"].strip('"')
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=module-updates-")
        again = cast.member.get(f"/reports/{done['id']}/download", {"If-None-Match": answer.headers["ETag"]}, format=form)
        assert again.status_code == 304
    assert files_of(app, done) == sorted(f"module-updates-{done['snapshot_at'][:10]}.{form}" for form in KINDS)


def test_every_format_holds_the_same_rows(cast: Any, fleet: Any, build: Any) -> None:
    report = build(cast.member, formats=KINDS)
    text, book, document = (cast.member.get(f"/reports/{report['id']}/download", format=form).data for form in KINDS)
    lines = list(csv.DictReader(io.StringIO(text.decode())))
    assert [(line["module"], line["site"], line["security"]) for line in lines] == [
        ("secure", "Alpha", "true"), ("plain", "Alpha", "false"), ("plain", "Beta", "false")]
    parsed = json.loads(document)
    assert [(row["module"], row["site"], row["security"]) for row in parsed["data"]] == [
        ("secure", "Alpha", True), ("plain", "Alpha", False), ("plain", "Beta", False)]
    assert parsed["totals"] == {"modules": 2, "sites": 2, "updates": 3, "security_updates": 1, "security_modules": 1, "security_sites": 1}
    assert parsed["snapshot_at"] == report["snapshot_at"]
    assert cells(book, "xl/worksheets/sheet2.xml") == 4
    assert cells(book, "xl/worksheets/sheet1.xml") == 8


def cells(book: bytes, sheet: str) -> int:
    """How many rows a sheet has."""
    tree = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(book)).read(sheet))
    return len(tree.findall(".//{*}row"))


def test_the_built_report_agrees_with_the_live_one(cast: Any, fleet: Any, post_run: Any, build: Any) -> None:
    post_run(fleet[0], factories.ago(days=1), updates=3, security=2)
    post_run(fleet[1], factories.ago(days=2), status="failed", updates=0)
    report = build(cast.member, kind="patch_run", formats=["json", "csv"])
    built = cast.member.get(f"/reports/{report['id']}/download", format="json").json
    live = cast.member.get("/reports/patch-run").json["data"]
    assert {name: built[name] for name in live} == live
    assert (report["rows"], len(built["data"])) == (4, 4)
    assert built["data"][0]["started_at"].endswith("Z")
    lines = list(csv.DictReader(io.StringIO(cast.member.get(f"/reports/{report['id']}/download").json and "")))
    assert lines == []


def test_the_first_format_is_the_default_of_a_download(cast: Any, fleet: Any, build: Any) -> None:
    report = build(cast.member, formats=["json", "csv"])
    assert cast.member.get(f"/reports/{report['id']}/download").mimetype == "application/json"


def test_lag_stands_at_the_updates_that_a_report_has_shown(app: Any, cast: Any, build: Any) -> None:
    from tests.reports.test_patch_run_report import RELEASED

    agent_site = None
    with factories.writing(app):
        agent_site = factories.site(cast.organization)
    agent = cast.key(site=agent_site)
    for version, hours in (("1.0.0", -5), ("1.1.0", 7)):
        from datetime import timedelta

        from webapp.kit.clock import stamp

        body = {"reported_at": stamp(RELEASED + timedelta(hours=hours)), "modules": [{"name": "webform", "version": version}]}
        assert agent.post(f"/sites/{agent_site.id}/modules", body).status_code == 200
    with factories.writing(app):
        execute("UPDATE module_versions SET released_at = :at WHERE version = '1.1.0'", at=RELEASED)
    report = build(cast.member, kind="patch_run", formats=["json"])
    row, = cast.member.get(f"/reports/{report['id']}/download").json["data"]
    assert (row["module"], row["from_version"], row["to_version"], row["trigger"], row["lag_hours"]) == (
        "webform", "1.0.0", "1.1.0", "inferred", 7)


def test_formulas_are_harmless_in_every_format(app: Any, cast: Any, build: Any) -> None:
    evil = "=HYPERLINK(\"x\",\"y\")"
    with factories.writing(app):
        site = factories.site(cast.organization, name=evil)
        factories.reported(site, {"plain": factories.module("plain", "1.0.0", "1.0.5")})
    report = build(cast.member, formats=["csv", "xlsx"])
    line = next(csv.DictReader(io.StringIO(cast.member.get(f"/reports/{report['id']}/download", format="csv").text)))
    assert line["site"].startswith("'=")
    book = zipfile.ZipFile(io.BytesIO(cast.member.get(f"/reports/{report['id']}/download", format="xlsx").data))
    assert b"<f>" not in book.read("xl/worksheets/sheet2.xml")


def test_a_sheet_that_is_full_goes_on_in_the_next(cast: Any, fleet: Any, build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    report = build(cast.member, formats=["xlsx"])
    book = cast.member.get(f"/reports/{report['id']}/download").data
    assert (cells(book, "xl/worksheets/sheet2.xml"), cells(book, "xl/worksheets/sheet3.xml")) == (3, 2)


def test_an_empty_report_is_a_report(cast: Any, build: Any) -> None:
    for kind in ("module_updates", "patch_run"):
        report = build(cast.stranger, kind=kind, formats=KINDS)
        assert (report["status"], report["rows"]) == ("done", 0)
        assert cast.stranger.get(f"/reports/{report['id']}/download", format="json").json["data"] == []


def test_filters_hold_in_the_built_report_too(cast: Any, fleet: Any, build: Any, post_run: Any) -> None:
    post_run(fleet[0], factories.ago(days=1))
    post_run(fleet[1], factories.ago(days=5))
    wanted = [("module_updates", {"security_only": True}, 1), ("module_updates", {"environment": "staging"}, 1),
              ("patch_run", {"from": factories.ago(days=2).date().isoformat()}, 1), ("patch_run", {"site": str(fleet[1].id)}, 1)]
    for kind, parameters, rows in wanted:
        report = build(cast.member, kind=kind, parameters=parameters)
        assert report["rows"] == rows, parameters


@pytest.mark.parametrize(("wrong", "field"), [
    ({"kind": "gossip"}, "kind"), ({"kind": "custom"}, "parameters.dataset"),
    ({"formats": ["docx"]}, "formats.0"), ({"formats": []}, "formats"), ({"formats": "csv"}, "formats"), ({"colour": "red"}, "colour"),
    ({"parameters": "all"}, "parameters"), ({"parameters": {"colour": "red"}}, "parameters.colour"),
    ({"parameters": {"organization_id": "x"}}, "parameters.organization_id"), ({"parameters": {"tag": 7}}, "parameters.tag"),
    ({"kind": "patch_run", "parameters": {"granularity": "minute"}}, "parameters.granularity")])
def test_nonsense_is_refused_at_its_field(cast: Any, wrong: dict[str, Any], field: str) -> None:
    answer = cast.member.post("/reports", {"kind": "module_updates", "parameters": {}, "formats": ["csv"], **wrong})
    assert (answer.status_code, answer.json["error"]) == (422, "validation_error")
    assert field in [detail["field"] for detail in answer.json["details"]]


def test_pdf_is_refused_with_the_reason_where_it_cannot_be_made(cast: Any, fleet: Any, build: Any, monkeypatch: Any) -> None:
    report = build(cast.member)
    assert cast.member.get(f"/reports/{report['id']}/download", format="pdf").status_code == 404
    monkeypatch.setattr(schemas, "why_no_pdf", lambda: pdf.NO_PANGO.format(name="pango-1.0"))
    answer = cast.member.post("/reports", {"kind": "module_updates", "formats": ["csv", "pdf"]})
    assert answer.status_code == 422
    assert answer.json["details"] == [{"field": "formats.1", "message": pdf.NO_PANGO.format(name="pango-1.0")}]


def test_a_full_disk_is_said_and_nothing_is_kept(app: Any, cast: Any, fleet: Any, build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Any, data: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files.HashedFile, "put", full)
        for form in KINDS:
            report = build(cast.member, formats=[form])
            assert (report["status"], report["error"]) == ("failed", "The disk for reports was full after 3 rows. Nothing was kept.")
            assert files_of(app, report) == []
            assert cast.member.get(f"/reports/{report['id']}/download").status_code == 409


def test_an_error_of_ours_is_a_sentence_without_internals(app: Any, cast: Any, fleet: Any, build: Any,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "settled", lambda *_: 1 / 0)
    report = build(cast.member, formats=KINDS)
    assert (report["status"], files_of(app, report)) == ("failed", [])
    assert report["error"] == "Building stopped after 3 rows because of an error on our side. Nothing was kept."


def test_a_file_that_is_gone_from_the_storage_is_404(app: Any, cast: Any, fleet: Any, build: Any) -> None:
    report = build(cast.member)
    next((storage(app) / "reports" / report["id"]).rglob("*.csv")).unlink()
    assert cast.member.get(f"/reports/{report['id']}/download").status_code == 404


def test_the_same_request_twice_is_one_report(cast: Any, fleet: Any) -> None:
    body = {"kind": "patch_run", "formats": ["csv"]}
    first, second = (cast.member.post("/reports", body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json["data"]["id"] == second.json["data"]["id"]
    assert len(cast.member.get("/reports").json["data"]) == 1


def test_the_audit_log_tells_the_story(cast: Any, fleet: Any, build: Any) -> None:
    report = build(cast.member)
    rows = cast.admin.get("/audit-logs", resource_id=report["id"]).json["data"]
    assert [(row["action"], row["actor"]["kind"]) for row in rows] == [("report.built", "system"), ("report.requested", "user")]
