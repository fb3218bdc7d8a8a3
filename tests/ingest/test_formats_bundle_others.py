"""What the further documents of a bundle add to the lock and to pm:list, and what they may not take away."""

import pytest

from tests.ingest.reading import by_name, fixture, refusal
from webapp.fleet.values import Claim
from webapp.ingest.formats import read_document

FILES = {"composer.lock": "composer.lock.json", "pm:list": "pm-list.json", "core:status": "core-status.json",
         "core:requirements": "core-requirements.json", "updatedb:status": "updatedb-status.json", "pm:security": "pm-security.json",
         "update_calculate_project_data": "update-data.json", "CycloneDX": "cyclonedx.json", "Warden": "warden.json",
         "PreviousNext snapshot": "pnx-snapshot.json", "composer audit": "composer-audit.json"}


def bundle(*names, **more):
    return read_document({"documents": {name: fixture(FILES[name]) for name in names}, **more})


def test_the_status_fills_in_what_lists_do_not_know():
    report = bundle("composer.lock", "pm:list", "core:status", "core:requirements", "updatedb:status")
    assert report.formats == ("composer.lock", "drush pm:list", "drush core:status", "drush core:requirements", "drush updatedb:status")
    assert (report.core_version, report.php_version, report.install_profile) == ("10.3.8", "8.3.14", "minimal_plus")
    assert report.database == "MySQL, MariaDB 10.11.6-MariaDB"
    assert report.database_updates == {"token": 2, "gin": 1}
    assert by_name(report)["drupal"].claim == Claim("10.3.10", "10.3.10", True, True)
    assert report.speaks == bundle("composer.lock", "pm:list").speaks
    assert set(by_name(report)) == set(by_name(bundle("composer.lock", "pm:list")))


def test_security_and_update_data_are_said_of_the_modules_of_the_lists():
    have = by_name(bundle("composer.lock", "pm:list", "pm:security", "update_calculate_project_data"))
    assert have["token"].claim == Claim("8.x-1.16", "8.x-1.16", True, True)  # a yes beats a no
    assert have["symfony/http-kernel"].claim == Claim(None, None, True, True)
    assert have["gin"].claim == Claim("8.x-3.0", "8.x-3.0", True, False)
    assert (have["gin"].version, have["gin"].type) == ("8.x-3.0-rc13", "theme")
    assert "forum_plus" not in have  # pm:list has listed all modules


def test_projects_that_a_lock_does_not_have_are_there_all_the_same():
    report = bundle("composer.lock", "update_calculate_project_data")
    have = by_name(report)
    assert (have["forum_plus"].source, have["token"].source, have["token"].enabled) == ("extensions", "packages", True)
    assert report.speaks == frozenset({"packages", "projects"})


def test_pm_list_beside_a_list_of_projects_leaves_nothing_to_the_projects():
    assert "projects" not in bundle("pm:list", "PreviousNext snapshot").speaks


def test_a_project_without_a_module_of_its_name_is_found_by_its_project():
    listed = fixture("pm-list.json")
    listed["forum_zeta"] = {**listed["token"], "name": "forum_zeta", "project": "forum_pack", "version": "2.0.1"}
    listed["forum_alpha"] = {**listed["forum_zeta"], "name": "forum_alpha"}
    report = read_document({"documents": {"pm:list": listed, "update_calculate_project_data": fixture("update-data.json")}})
    assert by_name(report)["forum_alpha"].claim == Claim("3.0.0", "3.0.0", True, None)
    assert by_name(report)["forum_zeta"].claim is None


def test_a_bill_of_materials_stands_in_for_the_lock():
    report = bundle("CycloneDX", "pm:list")
    have = by_name(report)
    assert (have["token"].source, have["token"].enabled, have["token"].claim) == ("packages", True, Claim(security_update=True))
    assert (have["acme/inner"].source, have["acme_checkout"].source) == ("packages", "extensions")


def test_each_further_document_alone_in_a_bundle_says_what_it_says_alone():
    for name in ("core:status", "core:requirements", "pm:security", "update_calculate_project_data", "CycloneDX", "Warden", "PreviousNext snapshot"):
        alone, bundled = read_document(fixture(FILES[name])), bundle(name)
        assert (bundled.formats, bundled.speaks, bundled.reported_at) == (alone.formats, alone.speaks, alone.reported_at)
        assert (bundled.core_version, bundled.php_version) == (alone.core_version, alone.php_version)
        assert [(each.name, each.version) for each in bundled.modules] == [(each.name, each.version) for each in alone.modules]
        assert set(bundled.claims) >= set(alone.claims)


def test_the_bundles_own_time_is_believed_first():
    assert bundle("Warden", reported_at="2026-11-01T00:00:00Z").reported_at.month == 11


@pytest.mark.parametrize(("text", "words"), [
    ("", "empty"), ("\n  pm:security has been removed.", "removed"), ("PHP Warning:  x\n{}", "warnings of PHP"), ("something", "error message")])
def test_a_failed_command_is_refused_with_its_reason(text, words):
    documents = {"composer.lock": fixture("composer.lock.json"), "pm:security": text}
    assert words in refusal({"documents": documents})["documents.pm:security"]


def test_a_document_under_another_name_is_refused():
    assert "documents.core:status" in refusal({"documents": {"core:status": fixture("pm-list.json")}})
