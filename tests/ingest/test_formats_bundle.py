"""Reading a bundle: who is believed on what, and how a bad part is refused."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webapp.fleet.values import Claim
from webapp.ingest.formats import read_document
from webapp.kit.errors import Invalid

FIXTURES = Path(__file__).parent / "fixtures"
CORE_EXTENSION = {"module": {"block": 0, "token": 0, "search": 1}, "theme": {"gin": 0}, "profile": "minimal_plus"}


def fixture(name):
    return json.loads((FIXTURES / name).read_text())


def read(**more):
    names = {
        "composer.lock": "composer.lock.json",
        "pm:list": "pm-list.json",
        "composer show": "composer-show.json",
        "composer outdated": "composer-outdated.json",
        "composer audit": "composer-audit.json",
    }
    documents = {key: fixture(names[key]) if value is True else value for key, value in more.items()}
    return read_document({"documents": documents})


def by_name(report):
    found = {module.name: module for module in report.modules}
    assert len(found) == len(report.modules)
    return found


def refusal(document):
    with pytest.raises(Invalid) as caught:
        read_document(document)
    assert caught.value.status == 422
    return {detail["field"]: detail["message"] for detail in caught.value.details}


def test_the_lock_says_what_is_there_and_pm_list_what_is_enabled():
    report = read(**{"composer.lock": True, "pm:list": True})
    have = by_name(report)
    assert report.formats == ("composer.lock", "drush pm:list")
    assert report.speaks == frozenset({"packages", "modules", "themes", "core"})
    token = have["token"]
    assert (token.source, token.version, token.enabled, token.display_name) == ("packages", "8.x-1.16", True, "Token")
    assert have["helfi_proxy"].enabled is False
    assert have["frontend"].enabled is False
    assert have["symfony/http-kernel"].enabled is None
    assert (have["block"].source, have["block"].enabled) == ("extensions", True)
    assert have["acme_checkout"].project is None
    assert (have["drupal"].source, have["drupal"].enabled, report.core_version) == ("packages", True, "10.3.8")


def test_a_package_whose_only_modules_have_other_names_is_enabled_by_them():
    listed = fixture("pm-list.json")
    listed["helfi_proxy_sites"] = {**listed["token"], "name": "helfi_proxy_sites", "project": "helfi_proxy"}
    assert by_name(read(**{"composer.lock": True, "pm:list": listed}))["helfi_proxy"].enabled is True


def test_composers_spelling_gives_way_to_drupals():
    listed = fixture("pm-list.json")
    listed["helfi_proxy"] = {**listed["token"], "name": "helfi_proxy", "project": "helfi_proxy", "version": "8.x-3.4"}
    listed["token"]["version"] = "8.x-1.15"
    have = by_name(read(**{"composer.lock": True, "pm:list": listed}))
    assert have["helfi_proxy"].version == "8.x-3.4"
    assert have["token"].version == "8.x-1.16"


def test_a_filtered_pm_list_switches_off_only_what_it_could_have_shown():
    listed = {name: row for name, row in fixture("pm-list.json").items() if row["type"] == "theme"}
    have = by_name(read(**{"composer.lock": True, "pm:list": listed}))
    assert (have["gin"].enabled, have["frontend"].enabled) == (True, False)
    assert (have["token"].enabled, have["helfi_proxy"].enabled) == (None, None)


def test_core_extension_enables_by_name():
    report = read(**{"composer.lock": True, "core.extension": CORE_EXTENSION})
    have = by_name(report)
    assert report.formats == ("composer.lock", "core.extension")
    assert report.speaks == frozenset({"packages"})
    assert report.install_profile == "minimal_plus"
    enabled = {name: module.enabled for name, module in have.items()}
    assert [name for name, on in enabled.items() if on] == ["search", "gin", "token", "minimal_plus"]
    assert [name for name, on in enabled.items() if on is False] == ["frontend", "ctools_views", "helfi_proxy"]
    assert enabled["drupal"] is None
    assert "block" not in have


def test_core_extension_as_a_list_of_names():
    report = read(**{"composer.lock": True, "core.extension": {"module": ["token"], "theme": [], "profile": 7}})
    assert by_name(report)["token"].enabled is True
    assert report.install_profile is None


def test_pm_list_is_believed_before_core_extension():
    have = by_name(read(**{"composer.lock": True, "pm:list": True, "core.extension": {"module": {"ctools": 0}}}))
    assert (have["ctools"].enabled, have["token"].enabled) == (False, True)


def test_claims_of_outdated_and_audit_come_together():
    report = read(**{"composer.lock": True, "composer outdated": True, "composer audit": True})
    have = by_name(report)
    assert have["token"].claim == Claim("1.17.0", None, True, True)
    assert have["search"].claim == Claim("4.0.0", None, True, True)
    assert have["gin"].claim == Claim(None, None, False, None)
    assert have["drupal"].claim == Claim(None, None, True, True)
    assert have["symfony/http-kernel"].claim is None
    assert "acme/search" not in have
    assert set(report.claims) == {"drupal", "token", "search", "gin"}
    assert report.claims_security_of_all is True
    assert len(have) == len(fixture("composer.lock.json")["packages"]) + 1


def test_an_outdated_package_that_the_audit_clears():
    report = read(**{"composer.lock": True, "composer outdated": True, "composer audit": {"advisories": []}})
    assert by_name(report)["token"].claim == Claim("1.17.0", None, True, False)
    partial = {"advisories": [], "unreachable-repositories": ["one"]}
    report = read(**{"composer.lock": True, "composer outdated": True, "composer audit": partial})
    assert by_name(report)["token"].claim == Claim("1.17.0", None, True, None)


def test_outdated_and_audit_alone_remove_nothing():
    report = read(**{"composer outdated": True, "composer audit": True})
    assert report.speaks == frozenset()
    assert set(by_name(report)) == {"token", "acme/search", "gin", "symfony/http-kernel"}
    assert by_name(report)["token"].claim == Claim("1.17.0", None, True, True)


def test_outdated_does_not_add_what_the_lock_does_not_have():
    rows = {
        "installed": [{"name": "acme/gone", "version": "1.0", "latest": "2.0", "latest-status": "update-possible"}]
    }
    report = read(**{"composer.lock": True, "composer outdated": rows})
    assert "acme/gone" not in by_name(report)
    assert report.claims == {"acme/gone": Claim(latest_version="2.0", update_available=True)}


def test_show_in_place_of_the_lock():
    have = by_name(read(**{"composer show": True, "pm:list": True}))
    assert (have["token"].version, have["token"].source) == ("8.x-1.16", "packages")
    assert have["acme/frontend"].enabled is None


def test_keys_with_and_without_the_name_of_the_tool():
    documents = {
        "show": fixture("composer-show.json"),
        "audit": {"advisories": []},
        "drush pm:list": fixture("pm-list.json"),
        "outdated": {"installed": []},
    }
    assert read_document({"documents": documents}).formats == (
        "composer show",
        "composer outdated",
        "composer audit",
        "drush pm:list",
    )


def test_the_bundles_own_time():
    bundle = {"documents": {"audit": {"advisories": []}}, "reported_at": "2026-11-18T16:05:00Z"}
    assert read_document(bundle).reported_at == datetime(2026, 11, 18, 16, 5, tzinfo=UTC)
    assert list(refusal({**bundle, "reported_at": "yesterday"})) == ["reported_at"]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        (None, "empty"),
        ([], "empty"),
        ({}, "empty"),
        ("The command is not defined.", "text"),
        (7, "not what"),
        (False, "not what"),
        ([1], "not what"),
        ({"advisories": []}, "not what"),
        ({"hello": "world"}, "not what"),
    ],
)
@pytest.mark.parametrize("key", ["pm:list", "drush pm:list"])
def test_a_bad_part_is_named_with_the_reason(key, part, reason):
    refused = refusal({"documents": {"composer.lock": fixture("composer.lock.json"), key: part}})
    assert list(refused) == [f"documents.{key}"]
    assert reason in refused[f"documents.{key}"]


def test_wrong_values_in_a_part_are_named_by_their_place_in_the_bundle():
    lock = fixture("composer.lock.json")
    lock["packages"][3]["version"] = 7
    assert list(refusal({"documents": {"composer.lock": lock}})) == ["documents.composer.lock.packages.3.version"]
    no_versions = {"documents": {"pm:list": {"a": {"status": "Enabled", "type": "module"}}}}
    assert "version field" in refusal(no_versions)["documents.pm:list"]


@pytest.mark.parametrize("documents", [{}, [], None, "text", 7, [{"composer.lock": {}}]])
def test_a_bundle_of_nothing(documents):
    assert list(refusal({"documents": documents})) == ["documents"]


def test_unknown_keys():
    audit = {"advisories": []}
    assert list(refusal({"documents": {"audit": audit}, "modules_too": []})) == ["modules_too"]
    assert list(refusal({"documents": {"audit": audit, "core:status": {}}})) == ["documents.core:status"]


def test_the_same_document_twice():
    audit = {"advisories": []}
    assert list(refusal({"documents": {"audit": audit, "composer audit": audit}})) == ["documents.composer audit"]
    show = fixture("composer-show.json")
    assert list(refusal({"documents": {"composer show": show, "composer outdated": show}})) == ["documents"]


def test_core_extension_needs_a_document_with_versions():
    assert list(refusal({"documents": {"core.extension": CORE_EXTENSION}})) == ["documents"]
    lock = fixture("composer.lock.json")
    for wrong in ({"theme": {}}, {"module": {}}, {"module": "text"}, {"module": ["A B"]}, {"module": [7]}):
        assert list(refusal({"documents": {"composer.lock": lock, "core.extension": wrong}})) == [
            "documents.core.extension.module"
        ]


def test_too_many_modules_in_all():
    rows = [{"name": f"a/b{number}", "version": "1"} for number in range(5000)]
    lock = {"content-hash": "0", "packages": rows}
    assert list(refusal({"documents": {"composer.lock": lock, "pm:list": fixture("pm-list.json")}})) == ["documents"]
