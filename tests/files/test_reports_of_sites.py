"""A lock file dropped for a site is a report of it: what changed stands in the answer, and a refused one is among the site's reports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import factories
from tests.files.conftest import CSV
from webapp.kit.db import execute

LOCK = {"packages": [{"name": "drupal/core", "version": "10.3.8"}, {"name": "drupal/webform", "version": "6.2.7", "type": "drupal-module"}], "packages-dev": [],
        "content-hash": "0" * 32, "plugin-api-version": "2.6.0"}
AUDIT = {"advisories": {"drupal/webform": [{"advisoryId": "SA-CONTRIB-2026-001", "packageName": "drupal/webform", "affectedVersions": "<6.2.9",
                                            "title": "XSS", "cve": None, "link": "https://www.drupal.org/sa", "reportedAt": "2026-01-14T17:00:00+00:00",
                                            "sources": [{"name": "Drupal", "remoteId": "x"}]}]}, "abandoned": []}
ENABLED = {"webform": {"package": "Webform", "display_name": "Webform (webform)", "status": "Enabled", "version": "6.2.7"}}
BILL = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
    {"type": "library", "group": "drupal", "name": "token", "version": "1.15.0", "purl": "pkg:composer/drupal/token@1.15.0"}]}


@pytest.fixture
def site(app: Any, cast: Any) -> Any:
    with factories.writing(app):
        return factories.site(cast.organization)


def sent(document: Any) -> bytes:
    return json.dumps(document).encode()


def reports(cast: Any, site: Any) -> list[Any]:
    return cast.viewer.get(f"/sites/{site.id}/inventory-reports").json["data"]


def test_a_lock_file_becomes_a_report_and_the_answer_says_what_changed(cast: Any, upload: Any, site: Any, fetch: Any) -> None:
    made = upload(sent(LOCK), "composer.lock", site_id=site.id)
    assert made.status_code == 201, made.text
    data = made.json["data"]
    report = reports(cast, site)[0]
    assert data["report"]["report_id"] == report["id"]
    assert (data["report"]["received"], data["report"]["added"], report["outcome"], report["formats"]) == (2, 2, "accepted", ["composer.lock"])
    found = {row["name"]: row["version"] for row in cast.viewer.get(f"/sites/{site.id}/modules").json["data"]}
    assert found == {"drupal": "10.3.8", "webform": "6.2.7"}
    assert (data["name"], fetch(data).data) == ("composer.lock", sent(LOCK))
    again = upload(sent(LOCK), "composer.lock", site_id=site.id).json["data"]
    assert (again["report"]["added"], again["report"]["unchanged"]) == (0, 2)
    assert cast.viewer.get(f"/uploads/{data['id']}").json["data"]["report"] == data["report"]


def test_what_drush_composer_and_cyclonedx_print_is_taken_too(cast: Any, upload: Any, site: Any) -> None:
    for document in (LOCK, AUDIT, ENABLED, BILL):
        made = upload(sent(document), "output.json", site_id=site.id)
        assert made.status_code == 201, made.text
        assert made.json["data"]["report"]["report_id"] == reports(cast, site)[0]["id"]
    assert len(reports(cast, site)) == 4


def test_what_is_no_report_is_just_a_file(cast: Any, upload: Any, site: Any) -> None:
    for content in (sent({"some": "thing"}), sent([1, 2]), CSV, b"Only notes.", b"{ not json"):
        assert upload(content, "a.json", site_id=site.id).json["data"]["report"] is None
    assert upload(sent(LOCK), "composer.lock").json["data"]["report"] is None
    assert reports(cast, site) == []


def test_a_refused_report_says_why_at_the_file_and_among_the_sites_reports(app: Any, cast: Any, upload: Any, site: Any, kept: Any) -> None:
    twice = {**LOCK, "packages": [LOCK["packages"][1]] * 2}
    removed = b"\n  Command \"pm:security\" is not defined.\n"
    for content, name in ((sent(twice), "composer.lock"), (removed, "output.txt")):
        answer = upload(content, name, site_id=site.id)
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "file"), answer.text
        report = reports(cast, site)[0]
        assert (report["outcome"], report["bytes"] > 0) == ("refused", True)
        assert answer.json["message"] == f"As a report of the site it is refused: {report['error']}"
    assert (len(reports(cast, site)), kept(), cast.viewer.get("/uploads").json["data"]) == (2, [], [])
    with factories.writing(app):
        execute("UPDATE sites SET require_signed_reports = true")
    unsigned = upload(sent(LOCK), "composer.lock", site_id=site.id)
    assert (unsigned.status_code, "signed reports only" in unsigned.json["message"]) == (422, True)
    assert cast.viewer.get(f"/sites/{site.id}/modules").json["data"] == []


def test_a_site_of_others_gets_no_report(cast: Any, upload: Any, site: Any) -> None:
    assert upload(sent(LOCK), "composer.lock", who=cast.stranger, site_id=site.id).status_code == 404
    assert upload(sent(LOCK), "composer.lock", who=cast.viewer, site_id=site.id).status_code == 403
    assert reports(cast, site) == []
