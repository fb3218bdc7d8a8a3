"""What core's update module has worked out of each project."""

from copy import deepcopy

import pytest

from tests.ingest.reading import by_name, fixture, kind, read, refusal
from webapp.fleet.values import Claim
from webapp.ingest.formats import read_document


def with_token(**changes):
    document = fixture("update-data.json")
    document["token"] |= changes
    return by_name(read_document(document))["token"]


def test_one_module_for_each_project():
    report = read("update-data.json")
    assert (report.formats, report.speaks, report.core_version) == (("update_calculate_project_data",), frozenset({"projects"}), "10.3.8")
    have = {name: (module.type, module.version, module.project, module.enabled) for name, module in by_name(report).items()}
    assert have == {
        "drupal": ("core", "10.3.8", "drupal", True), "token": ("module", "8.x-1.16", "token", True), "gin": ("theme", "8.x-3.0-rc13", "gin", True),
        "forum_plus": ("module", "2.0.1", "forum_pack", True), "ctools": ("module", "4.1.0", "ctools", False), "odd": ("module", None, "odd", True)}
    assert by_name(report)["forum_plus"].display_name == "Forum plus"


def test_what_the_site_says_of_each():
    have = by_name(read("update-data.json"))
    assert have["drupal"].claim == Claim("10.3.10", "10.3.10", True, True)  # code 4, but a security update waits
    assert have["token"].claim == Claim("8.x-1.16", "8.x-1.16", False, False)
    assert have["gin"].claim == Claim("8.x-3.0", "8.x-3.0", True, False)
    assert have["forum_plus"].claim == Claim("3.0.0", "3.0.0", True, None)
    assert have["ctools"].claim == Claim("4.1.1", "4.1.1", True, True)
    assert have["odd"].claim is None


@pytest.mark.parametrize("status", [-1, -2, -3, -4, 0, 99, None, "5", [], {}])
def test_a_status_that_is_not_known_clears_nothing(status):
    assert with_token(status=status).claim is None


def test_a_security_update_counts_whatever_the_status():
    assert with_token(status=-4, **{"security updates": [{"version": "8.x-1.17"}]}).claim.security_update is True


@pytest.mark.parametrize("empty", [[], {}, None])
def test_php_makes_lists_of_empty_maps(empty):
    assert with_token(includes=empty, disabled=empty, also=empty, releases=empty, **{"security updates": empty}).claim.security_update is False


def test_wrong_values_are_named_by_place():
    document = fixture("update-data.json")
    document["token"]["existing_version"] = 7
    document["gin"]["name"] = "../gin"
    assert set(refusal(document)) == {"token.existing_version", "gin.name"}
    twice = fixture("update-data.json")
    twice["again"] = deepcopy(twice["token"])
    assert refusal(twice) == {"again": "It is listed twice."}


def test_its_neighbours_are_not_taken_for_it():
    projects = {"token": {"name": "token", "info": {"version": "8.x-1.16"}, "project_type": "module", "includes": {"token": "Token"}}}
    available = {"token": {"title": "Token", "short_name": "token", "project_status": "published", "releases": {}}}
    assert (kind(projects), kind(available)) == (None, None)
