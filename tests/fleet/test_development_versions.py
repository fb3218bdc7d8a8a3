"""Development versions are judged by their date, as core does: kept with the installation, from whoever names it, and explained alike."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import factories
from tests.factories import writing
from webapp.catalog.actions.releases import Origin, hash_of, keep_feed
from webapp.catalog.feeds.release_history import parse_feed
from webapp.catalog.values.releases import feeds_kept
from webapp.ingest.formats import read_document
from webapp.kit.clock import now

DAY = 86_400
OFFICIAL, DEV = 1_750_000_000, 1_750_000_000 + 30 * DAY


def feed(dev: int = DEV, security: bool = False) -> bytes:
    """A project with a release and a development version that is newer; with `security`, the release is a security update."""
    rows = "".join(
        f"<release><name>webform {version}</name><version>{version}</version><status>published</status>"
        f"<release_link>https://example.org/{version}</release_link><date>{date}</date>"
        f"<terms><term><name>Release type</name><value>{kind}</value></term></terms></release>"
        for version, date, kind in (("6.2.9", OFFICIAL, "Security update" if security else "Bug fixes"), ("6.2.x-dev", dev, "")))
    return (f"<project><title>Webform</title><short_name>webform</short_name><type>project_module</type>"
            f"<supported_branches>6.2.</supported_branches><project_status>published</project_status>"
            f"<link>https://example.org</link><releases>{rows}</releases></project>").encode()


def keep(app: Any, raw: bytes) -> None:
    with app.app_context():
        with writing(app):
            keep_feed(parse_feed(raw), hash_of(raw), Origin("test"), now())
        with app.app_context():
            feeds_kept.send(None, at=now())


def rows_of(cast: Any, site: Any) -> dict[str, Any]:
    return {row["name"]: row for row in cast.viewer.get(f"/sites/{site.id}/modules").json["data"]}


def explained(cast: Any, raw: bytes, datestamp: int | None) -> str:
    asked = {"project": "webform", "installed_version": "6.2.x-dev", "datestamp": datestamp, "feed": raw.decode()}
    done = cast.app.test_cli_runner().invoke(args=["explain", "status"], input=json.dumps(asked))
    return str(json.loads(done.output)["status_name"]).lower()


@pytest.mark.parametrize(("datestamp", "security", "status"), [
    (None, False, "not_checked"), (DEV, False, "current"), (DEV - 99, False, "current"), (DEV - 100, False, "not_current"),
    (OFFICIAL - DAY, True, "not_current"), (DEV + DAY, True, "current")])
def test_a_development_version_is_judged_by_its_date_as_the_command_explains(
        cast: Any, datestamp: int | None, security: bool, status: str) -> None:
    raw = feed(security=security)
    keep(cast.app, raw)
    with writing(cast.app):
        site = factories.site(cast.organization)
        factories.reported(site, {"webform": factories.module("webform", "6.2.x-dev", datestamp=datestamp),
                                  "webform_ui": factories.module("webform_ui", "6.2.x-dev", project="webform")})
    found = rows_of(cast, site)
    assert found["webform"]["status"] == found["webform_ui"]["status"] == status == explained(cast, raw, datestamp)
    assert (found["webform"]["datestamp"], found["webform_ui"]["datestamp"]) == (datestamp, None)
    assert found["webform"]["security_update"] is (None if datestamp is None else security and datestamp < OFFICIAL)
    assert cast.viewer.get(f"/sites/{site.id}").json["data"]["status"] == {
        "not_checked": "unknown", "current": "ok", "not_current": "vulnerable" if security else "outdated"}[status]


def test_another_build_of_the_same_version_is_judged_anew_with_its_submodules(cast: Any) -> None:
    keep(cast.app, feed())
    with writing(cast.app):
        site = factories.site(cast.organization)
        older = {"webform": factories.module("webform", "6.2.x-dev", datestamp=OFFICIAL),
                 "webform_ui": factories.module("webform_ui", "6.2.x-dev", project="webform")}
        factories.reported(site, older)
    assert {row["status"] for row in rows_of(cast, site).values()} == {"not_current"}
    with writing(cast.app):
        factories.reported(site, {**older, "webform": factories.module("webform", "6.2.x-dev", datestamp=DEV)})
    assert {row["status"] for row in rows_of(cast, site).values()} == {"current"}
    assert cast.viewer.get(f"/sites/{site.id}/history").json["meta"]["total"] == 2  # no step: the version is the same
    with writing(cast.app):  # who names no date leaves it, who names a release ends it
        factories.reported(site, {"webform": factories.module("webform", "6.2.x-dev"), "webform_ui": older["webform_ui"]})
    assert rows_of(cast, site)["webform"]["datestamp"] == DEV
    with writing(cast.app):
        factories.reported(site, {"webform": factories.module("webform", "6.2.9")})
    assert rows_of(cast, site)["webform"]["datestamp"] is None


def test_a_newer_feed_judges_each_build_anew(cast: Any) -> None:
    keep(cast.app, feed())
    with writing(cast.app):
        sites = [factories.site(cast.organization) for _ in range(2)]
        for site, datestamp in zip(sites, (DEV, DEV + 9 * DAY), strict=True):
            factories.reported(site, {"webform": factories.module("webform", "6.2.x-dev", datestamp=datestamp)})
    assert [rows_of(cast, site)["webform"]["status"] for site in sites] == ["current", "current"]
    keep(cast.app, feed(DEV + 5 * DAY))
    assert [rows_of(cast, site)["webform"]["status"] for site in sites] == ["not_current", "current"]


@pytest.mark.parametrize(("document", "datestamp"), [
    ({"modules": [{"name": "webform", "version": "6.2.x-dev", "datestamp": DEV}]}, DEV),
    ({"modules": [{"name": "webform", "version": "6.2.x-dev", "datestamp": str(DEV)}]}, DEV),
    ({"modules": [{"name": "webform", "version": "6.2.x-dev", "datestamp": None}]}, None),
    ({"modules": [{"name": "webform", "version": "6.2.9", "datestamp": DEV}]}, None),
    ({"content-hash": "x", "packages": [{"name": "drupal/webform", "version": "dev-6.2.x", "type": "drupal-module", "extra": {
        "drupal": {"version": "6.2.x-dev", "datestamp": str(DEV)}}}]}, DEV),
    ({"content-hash": "x", "packages": [{"name": "drupal/webform", "version": "dev-6.2.x", "type": "drupal-module", "extra": {
        "drupal": {"version": "6.2.9+1-dev", "datestamp": "soon"}}}]}, None),
    ({"webform": {"name": "webform", "project_type": "module", "existing_version": "6.2.x-dev", "datestamp": DEV, "status": 5,
                  "includes": {"webform": "Webform"}}}, DEV),
])
def test_who_names_the_date(document: dict[str, Any], datestamp: int | None) -> None:
    modules = {module.name: module for module in read_document(document).modules}
    assert modules["webform"].datestamp == datestamp


@pytest.mark.parametrize("value", [-1, 0, 1.5, "x", True, 2**40, [], ""])
def test_a_date_that_is_none_is_refused_in_our_own_body(cast: Any, value: Any) -> None:
    with writing(cast.app):
        site = factories.site(cast.organization)
    body = {"modules": [{"name": "webform", "version": "6.2.x-dev", "datestamp": value}]}
    answer = cast.admin.post(f"/sites/{site.id}/modules", body)
    assert answer.status_code == 422
    assert answer.json["details"][0]["field"] == "modules.0.datestamp"
