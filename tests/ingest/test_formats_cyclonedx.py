"""A CycloneDX document: Composer's packages among its components."""

import pytest

from tests.ingest.reading import by_name, fixture, read, refusal
from webapp.fleet.values import Claim
from webapp.ingest.formats import read_document


def changed(**more):
    return {**fixture("cyclonedx.json"), **more}


def component(purl, **more):
    return {"type": "library", "name": "x", "purl": purl, **more}


def test_the_packages_of_composer_are_read_like_a_lock():
    report = read("cyclonedx.json")
    have = {name: (module.type, module.version, module.project, module.source) for name, module in by_name(report).items()}
    assert have == {
        "drupal": ("core", "10.3.8", "drupal", "packages"), "gin": ("theme", "3.0.0-rc13", "gin", "packages"),
        "token": ("module", "1.16.0", "token", "packages"), "acme/inner": ("library", "v1.0.0", None, "packages"),
        "drupal/klaro_js": ("library", "0.7.22", None, "packages")}
    assert (report.speaks, report.core_version, report.reported_at) == (frozenset({"packages"}), "10.3.8", None)


def test_vulnerabilities_that_were_not_written_off():
    assert read("cyclonedx.json").claims == {"token": Claim(security_update=True)}


def test_a_document_that_says_it_is_incomplete_removes_nothing():
    assert read_document(changed(compositions=[{"aggregate": "incomplete_first_party_only"}])).speaks == frozenset()
    assert read_document(changed(compositions=[{"aggregate": "complete"}])).speaks == frozenset({"packages"})


@pytest.mark.parametrize("components", [None, [], [{"type": "library", "name": "left-pad", "purl": "pkg:npm/left-pad@1"}], [{"name": "x"}]])
def test_a_document_without_packages_is_refused(components):
    assert refusal(changed(components=components)) == {"components": "It has no component of Composer (purl pkg:composer/…)."}


def test_wrong_components_are_named_by_place():
    inner = component("pkg:composer/acme/a", components=[component("pkg:composer/onlyname@1")])
    assert set(refusal(changed(components=[inner]))) == {"components.0.components.0.purl"}
    assert set(refusal(changed(components=[component("pkg:composer/acme/a", version=["1"])]))) == {"components.0.version"}
    assert set(refusal(changed(components=[7]))) == {"components.0"}
    assert set(refusal(changed(components="x"))) == {"components"}
    assert set(refusal(changed(components=[component("pkg:composer/acme/a")] * 20_001))) == {"components"}


def test_a_version_may_stand_in_the_purl_alone():
    have = by_name(read_document(changed(components=[component("pkg:composer/acme/a@1.0.0%2Bbuild#sub"), component("pkg:composer/acme/b")])))
    assert (have["acme/a"].version, have["acme/b"].version) == ("1.0.0+build", None)
