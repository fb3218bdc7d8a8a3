"""Real outputs of Drush and Composer and 21 real lock files; skipped where the data are not beside the checkout."""

import json
from collections import Counter
from pathlib import Path

import pytest

from webapp.ingest.formats import read_document, recognise
from webapp.ingest.formats.texts import FAILED, REMOVED, what_text_is
from webapp.kit.errors import Invalid

DATA = Path(__file__).parents[3] / "shared" / "data"
LOCKS = sorted(path for path in DATA.glob("fleet/composer-locks/*.json") if "core_extension" not in path.name)

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real data (../shared/data) are not here")


def load(name):
    return json.loads((DATA / name).read_text())


def test_all_lock_files_are_there():
    assert len(LOCKS) == 21


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_real_lock(path):
    document = json.loads(path.read_text())
    packages = document["packages"] + document["packages-dev"]
    report = read_document(document)
    have = {module.name: module for module in report.modules}
    assert len(have) == len(report.modules) == len(packages)
    assert report.core_version == next(each["version"] for each in packages if each["name"] == "drupal/core")
    assert have["drupal"].type == "core"
    for each in packages:
        if each["name"].startswith("drupal/") and each["type"] in ("drupal-module", "drupal-theme", "drupal-profile"):
            module = have[each["name"].removeprefix("drupal/")]
            spelled = each.get("extra", {}).get("drupal", {}).get("version")
            assert (module.version, module.type) == (spelled or each["version"], each["type"].removeprefix("drupal-"))
            assert module.project is not None
    assert all(module.enabled is None and module.source == "packages" for module in report.modules)


def test_all_real_locks_together():
    kinds = Counter(module.type for path in LOCKS for module in read_document(json.loads(path.read_text())).modules)
    assert kinds["core"] == 21
    assert kinds["module"] > 1_400


@pytest.mark.parametrize(
    "path", [path for path in LOCKS if path.with_suffix(".core_extension.json").exists()], ids=lambda path: path.stem
)
def test_a_real_lock_with_what_is_enabled(path):
    enabled = json.loads(path.with_suffix(".core_extension.json").read_text())
    report = read_document({"documents": {"composer.lock": json.loads(path.read_text()), "core.extension": enabled}})
    on = {module.name for module in report.modules if module.enabled}
    assert len(on) > 10
    assert on <= {*enabled["module"], *enabled["theme"], enabled["profile"]}


@pytest.mark.parametrize(
    ("name", "kind", "count", "speaks"),
    [
        ("composer-output/composer-audit.json", "composer audit", 0, ""),
        ("composer-output/composer-audit.empty.json", "composer audit", 0, ""),
        ("composer-output/composer-outdated.json", "composer outdated", 6, ""),
        ("composer-output/composer-outdated.direct-minor.json", "composer outdated", 6, ""),
        ("composer-output/composer-show.json", "composer show", 7, ""),
        ("composer-output/composer-show.locked.json", "composer show", 7, ""),
        ("composer-output/composer.lock.sample.json", "composer.lock", 7, "packages"),
        ("drush-output/pm-list.full.json", "drush pm:list", 445, "core modules themes"),
        ("drush-output/pm-list.enabled.json", "drush pm:list", 57, "core modules themes"),
        ("drush-output/pm-list.enabled-no-core.json", "drush pm:list", 13, "modules"),
        ("drush-output/pm-list.themes.json", "drush pm:list", 8, "themes"),
        ("drush-output/core-status.json", "drush core:status", 1, ""),
        ("drush-output/core-status.all-fields.json", "drush core:status", 1, ""),
        ("drush-output/core-requirements.json", "drush core:requirements", 1, ""),
        ("drush-output/core-requirements.severity1.json", "drush core:requirements", 0, ""),
        ("drush-output/updatedb-status.pending.json", "drush updatedb:status", 0, ""),
        ("drush-output/pm-security.drush9-11.shape.json", "drush pm:security", 0, ""),
        ("drush-output/update_calculate_project_data.json", "update_calculate_project_data", 150, "projects"),
        ("client-payloads/warden.plain.json", "Warden", 16, "modules"),
        ("client-payloads/warden.disabled.json", "Warden", 1, ""),
        ("client-payloads/warden.empty-arrays.json", "Warden", 1, ""),
        ("client-payloads/pnx_dashboard_snapshot.json", "PreviousNext snapshot", 150, "projects"),
    ],
)
def test_real_outputs(name, kind, count, speaks):
    report = read_document(load(name))
    assert report.formats == (kind,)
    assert len({module.name for module in report.modules}) == len(report.modules) == count
    assert report.speaks == frozenset(speaks.split())


def test_a_real_audit_names_whom_it_found():
    claims = read_document(load("composer-output/composer-audit.json")).claims
    assert set(claims) == {"colorbox", "drupal", "paragraphs"}
    assert all(claim.security_update for claim in claims.values())


def test_a_real_pm_list():
    document = load("drush-output/pm-list.full.json")
    report = read_document(document)
    have = {module.name: module for module in report.modules}
    assert report.core_version == "10.6.7"
    assert {name: row["status"] == "Enabled" for name, row in document.items()} == {
        name: have[name].enabled for name in document
    }
    assert (have["address"].version, have["address"].display_name) == ("8.x-1.12", "Address")
    assert have["ckeditor_wordcount"].project is None
    assert read_document(load("drush-output/pm-list.enabled.json")).absent_means_disabled is True


@pytest.mark.parametrize("name", ["config-status", "watchdog-show", "state-cron_last", "update_get_available"])
def test_other_outputs_are_refused(name):
    document = load(f"drush-output/{name}.json")
    assert recognise(document) is None
    with pytest.raises(Invalid):
        read_document(document)


def test_the_update_data_and_the_snapshot_of_one_site_agree():
    said = read_document(load("drush-output/update_calculate_project_data.json"))
    snapshot = read_document(load("client-payloads/pnx_dashboard_snapshot.json"))
    assert {module.project: module.version for module in said.modules} == {module.project: module.version for module in snapshot.modules}
    insecure = {module.project for module in snapshot.modules if module.claim and module.claim.security_update}
    assert insecure <= {module.project for module in said.modules if module.claim and module.claim.security_update}
    assert {"drupal", "paragraphs", "geolocation"} <= insecure


def test_real_error_messages_have_their_reasons():
    for name, expected in (("pm-security.drush12.stderr", REMOVED), ("core-requirements.stderr", FAILED), ("updatedb-status.none.stderr", FAILED)):
        assert what_text_is((DATA / "drush-output" / name).read_text()) == expected
