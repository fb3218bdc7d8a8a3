"""What Drush says of the site as a whole: status, requirements, database updates, security. None of it removes a module."""

import pytest

from tests.ingest.reading import by_name, fixture, kind, read, refusal
from webapp.fleet.values import Claim
from webapp.ingest.formats import read_document
from webapp.ingest.formats.pm_security import PmSecurity

SILENT = ("core-status.json", "core-requirements.json", "updatedb-status.json", "pm-security.json")


@pytest.mark.parametrize(("name", "expected"), [
    ("core-status.json", "drush core:status"), ("core-requirements.json", "drush core:requirements"),
    ("updatedb-status.json", "drush updatedb:status"), ("pm-security.json", "drush pm:security")])
def test_each_is_told_by_its_shape(name, expected):
    assert kind(fixture(name)) == expected
    assert read(name).formats == (expected,)


@pytest.mark.parametrize("name", SILENT)
def test_none_of_them_removes_a_module(name):
    report = read(name)
    assert (report.speaks, report.absent_means_disabled, report.claims_security_of_all) == (frozenset(), False, False)
    assert [module.name for module in report.modules] in ([], ["drupal"])


def test_core_status():
    report = read("core-status.json")
    assert (report.core_version, report.php_version, report.database, report.install_profile) == ("10.3.8", "8.3.14", "mysql", "minimal_plus")
    drupal = by_name(report)["drupal"]
    assert (drupal.type, drupal.version, drupal.project, drupal.enabled) == ("core", "10.3.8", "drupal", True)


@pytest.mark.parametrize("name", ["core-status.json", "core-requirements.json", "warden.json", "composer.lock.json"])
def test_no_secret_is_read(name):
    shown = repr(read(name))
    for secret in ("hunter2", "shop_rw", "Zx81", "cronkey", "5ecre7", "token="):
        assert secret not in shown


def test_the_status_of_an_older_drush_has_no_php_version():
    document = {"drupal-version": "7.103", "drush-version": "8.4.12", "drush-script": "/usr/bin/drush", "db-driver": "mysql"}
    report = read_document(document)
    assert (report.core_version, report.php_version, report.database) == ("7.103", None, "mysql")


@pytest.mark.parametrize("version", [None, ""])
def test_a_status_without_drupal_is_refused_with_the_reason(version):
    reasons = refusal({"drupal-version": version, "drush-version": "13.3.3", "php-version": "8.3.14"})
    assert "found no Drupal" in reasons["drupal-version"]
    assert "found no Drupal" in refusal({"php-version": "8.3.14", "drush-version": "13.3.3"})["drupal-version"]


def test_a_status_with_odd_values_keeps_what_is_right():
    report = read_document({"drupal-version": "10.3.8", "php-version": ["8.3"], "db-driver": "my sql; drop", "install-profile": 7})
    assert (report.php_version, report.database, report.install_profile) == (None, None, None)
    assert "drupal-version" in refusal({"drupal-version": {"a": 1}, "bootstrap": "Successful"})


def test_core_requirements():
    report = read("core-requirements.json")
    assert (report.core_version, report.php_version) == ("10.3.8", "8.3.14")
    assert (report.database, report.install_profile) == ("MySQL, MariaDB 10.11.6-MariaDB", "minimal_plus")
    assert report.claims == {"drupal": Claim("10.3.10", "10.3.10", True, True)}


@pytest.mark.parametrize(("value", "claim"), [
    ("Up to date\n", Claim(None, None, False, False)), ("Out of date (version 10.3.10 available) [1]", Claim("10.3.10", "10.3.10", True, None)),
    ("Not secure! [1]", Claim(None, None, True, True)), ("No update data available", None), ("Nicht sicher! (Version 10.3.10 verfügbar)", None),
    ("", None), (7, None)])
def test_what_the_requirements_say_of_core(value, claim):
    row = {"title": "Drupal core update status", "severity": "Error", "sid": 2, "value": value}
    assert read_document({"update_core": row}).claims == ({"drupal": claim} if claim else {})


def test_requirements_with_a_filter_say_less():
    rows = {name: row for name, row in fixture("core-requirements.json").items() if row["sid"] == 2}
    report = read_document(rows)
    assert (report.modules, report.core_version, report.claims["drupal"].security_update) == ([], None, True)


def test_requirements_of_drush_8_have_numbers_for_severities():
    report = read_document({"php": {"title": "PHP", "value": "7.4.33", "severity": 0}, "drupal": {"title": "Drupal", "value": "7.103", "severity": -1}})
    assert (report.core_version, report.php_version) == ("7.103", "7.4.33")


def test_waiting_database_updates_are_counted_by_module():
    assert read("updatedb-status.json").database_updates == {"token": 2, "gin": 1}
    assert "x.module" in refusal({"x": {"module": "not a name", "update_id": 1}})


def test_pm_security_names_but_does_not_clear():
    report = read("pm-security.json")
    assert report.claims == dict.fromkeys(("token", "drupal", "symfony/http-kernel"), Claim(update_available=True, security_update=True))


def test_pm_security_php_is_read_alike():
    document = {"twig/twig": {"version": "v3.14.0", "time": "2024-09-09T00:00:00+00:00", "advisories": [{"title": "x", "cve": "CVE-1"}]}}
    assert read_document(document).claims["twig/twig"].security_update is True
    assert refusal({"a/b/c": {"version": "1"}}) == {"a/b/c": "Not a Composer package name (vendor/package), 128 characters at most."}


def test_pm_security_is_not_taken_for_other_lists():
    assert not PmSecurity.recognises({"token": {"name": "token", "version": "1"}})
    assert not PmSecurity.recognises({"a/b": {"name": "a/b", "version": "1", "homepage": None}})
    assert not PmSecurity.recognises({})
