"""A real site's 150 projects: our verdicts, by the feeds that it had, are those that its own Drupal came to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests import factories
from tests.catalog.published import answers, beside
from tests.factories import writing
from webapp.catalog.actions.importing import import_feeds
from webapp.fleet.values import ReportedModule
from webapp.kit.clock import now

NAMES = {1: "not_secure", 2: "revoked", 3: "not_supported", 4: "not_current", 5: "current"}


def the_sites_own(cast: Any) -> tuple[Any, dict[str, Any]]:
    """The site as it reported: projects and versions alone."""
    document = answers("drush-output/update_calculate_project_data.json")
    with writing(cast.app):
        site = factories.site(cast.organization)
        kinds = {"core": "core", "module": "module", "theme": "theme"}
        factories.reported(site, {name: ReportedModule(
            name, project["existing_version"], kinds[project["project_type"].partition("-")[0]], name) for name, project in document.items()})
    return site, document


def listed(cast: Any, site: Any) -> dict[str, Any]:
    rows = cast.admin.get(f"/sites/{site.id}/modules", per_page=200).json["data"]
    return {row["name"]: row for row in rows}


def test_the_verdicts_of_a_real_site_are_its_own(cast: Any) -> None:
    archive = beside("release-history-reconstructed.tar.gz")
    site, document = the_sites_own(cast)
    with cast.app.app_context():
        before = listed(cast, site)
        assert {row["status"] for row in before.values()} == {"not_fetched"}
        done = list(import_feeds(archive, now()))
    assert [each.name for each in done if each.error] == []
    found = listed(cast, site)
    assert {name: row["status"] for name, row in found.items()} == {name: NAMES[each["status"]] for name, each in document.items()}
    assert Counter(row["status"] for row in found.values()) == {"not_secure": 6, "not_supported": 3, "not_current": 42, "current": 99}
    for name, each in document.items():
        assert found[name]["recommended_version"] == each.get("recommended"), name
        assert found[name]["latest_version"] == each.get("latest_version"), name
    shown = cast.admin.get(f"/sites/{site.id}").json["data"]
    assert shown["status"] == "vulnerable"
    assert shown["security_updates_count"] == len([row for row in found.values() if row["security_update"]])
    assert shown["updates_count"] == cast.admin.get(f"/sites/{site.id}/modules", needs="any").json["meta"]["total"]


def test_a_report_after_the_feeds_gets_the_same_verdicts_at_once(cast: Any) -> None:
    archive = beside("release-history-reconstructed.tar.gz")
    with cast.app.app_context():
        assert all(each.error is None for each in import_feeds(archive, now()))
    site, document = the_sites_own(cast)
    found = listed(cast, site)
    assert {name: row["status"] for name, row in found.items()} == {name: NAMES[each["status"]] for name, each in document.items()}
