"""Reading `drush pm:list`: what is enabled, and of what a filtered list is silent."""

import json
from pathlib import Path

import pytest

from webapp.fleet.values import ReportedModule
from webapp.ingest.formats import read_document, recognise
from webapp.kit.errors import Invalid

PATH = Path(__file__).parent / "fixtures" / "pm-list.json"


def rows(**wanted):
    """The rows of the fixture whose fields are as wanted."""
    listed = json.loads(PATH.read_text())
    return {name: row for name, row in listed.items() if all(row[key] == value for key, value in wanted.items())}


def without(field, listed=None):
    return {
        name: {key: value for key, value in row.items() if key != field} for name, row in (listed or rows()).items()
    }


def no_core(listed):
    return {name: row for name, row in listed.items() if row["package"] != "Core"}


def refusal(document):
    with pytest.raises(Invalid) as caught:
        read_document(document)
    return caught.value


def test_every_row_is_an_extension():
    report = read_document(rows())
    assert report.modules == [
        ReportedModule("acme_checkout", None, "module", None, "Acme checkout", True),
        ReportedModule("block", "10.3.8", "module", "drupal", "Block", True),
        ReportedModule("claro", "10.3.8", "theme", "drupal", "Claro", True),
        ReportedModule("ctools", "4.1.0", "module", "ctools", "Chaos Tools", False),
        ReportedModule("gin", "8.x-3.0-rc13", "theme", "gin", "Gin", True),
        ReportedModule("token", "8.x-1.16", "module", "token", "Token", True),
        ReportedModule("drupal", "10.3.8", "core", "drupal", None, True),
    ]
    assert (report.formats, report.core_version) == (("drush pm:list",), "10.3.8")
    assert report.speaks == frozenset({"modules", "themes", "core"})
    assert report.absent_means_disabled is False


def test_a_list_of_what_is_enabled_only():
    report = read_document(rows(status="Enabled"))
    assert report.absent_means_disabled is True
    assert report.speaks == frozenset({"modules", "themes", "core"})


@pytest.mark.parametrize(
    ("listed", "speaks"),
    [
        (rows(type="theme"), {"themes"}),
        (rows(type="module"), {"modules", "core"}),
        (no_core(rows()), {"modules", "themes"}),
        (no_core(rows(type="module")), {"modules"}),
        (rows(package="Core"), {"core"}),
        (rows(status="Disabled"), set()),
        (without("status"), set()),
    ],
)
def test_a_filtered_list_speaks_for_what_it_shows(listed, speaks):
    report = read_document(listed)
    assert report.speaks == frozenset(speaks)
    if not speaks:
        assert report.absent_means_disabled is False


def test_without_core_rows_there_is_no_core_version():
    report = read_document(no_core(rows()))
    assert report.core_version is None
    assert "drupal" not in {module.name for module in report.modules}


def test_a_list_without_versions_is_refused():
    assert "version field" in refusal(without("version")).message
    some = rows()
    del some["token"]["version"]
    assert {module.name: module.version for module in read_document(some).modules}["token"] is None


def test_core_is_known_by_its_folder_or_its_package():
    listed = rows(name="block") | {"acme_checkout": {**rows()["acme_checkout"], "package": "Core"}}
    assert [module.project for module in read_document(listed).modules] == ["drupal", None, "drupal"]
    assert [module.project for module in read_document(without("path", listed)).modules] == [
        "drupal",
        "drupal",
        "drupal",
    ]


def test_older_drush_has_the_label_in_the_name():
    listed = {
        "node": {"package": "Core", "name": "Node (node)", "type": "Module", "status": "Enabled", "version": "7.98"},
        "views": {
            "package": "Views",
            "name": "Views (views)",
            "type": "Module",
            "status": "Not installed",
            "version": "7.x-3.29",
        },
    }
    modules = read_document(listed).modules
    assert modules[0] == ReportedModule("node", "7.98", "module", "drupal", "Node", True)
    assert modules[1] == ReportedModule("views", "7.x-3.29", "module", None, "Views", False)


@pytest.mark.parametrize(("version", "kept"), [(1.0, "1.0"), (2, "2"), ("", None), (None, None)])
def test_versions_that_yaml_took_for_numbers(version, kept):
    listed = rows(name="token") | {"acme": {**rows()["acme_checkout"], "name": "acme", "version": version}}
    assert read_document(listed).modules[1].version == kept


@pytest.mark.parametrize("version", [True, ["1"], {"a": 1}, "1\u0000", "v" * 256])
def test_wrong_versions_are_named_by_place(version):
    listed = rows()
    listed["token"]["version"] = version
    assert [detail["field"] for detail in refusal(listed).details] == ["token.version"]


def test_wrong_names_are_named_by_place():
    row = rows()["token"]
    assert [detail["field"] for detail in refusal({"<x>": {**row, "name": "A B"}}).details] == ["?x?.name"]
    assert [detail["field"] for detail in refusal({"a": row, "b": row}).details] == ["b.name"]


def test_a_custom_module_called_documents_or_advisories():
    row = {key: value for key, value in rows()["acme_checkout"].items() if key != "name"}
    for name in ("documents", "advisories", "modules", "packages", "installed"):
        listed = rows() | {name: row}
        assert recognise(listed).name == "drush pm:list"
        assert name in {module.name for module in read_document(listed).modules}


def test_too_many_rows():
    row = {"status": "Enabled", "type": "module", "version": "1"}
    assert len(read_document({f"m{number}": row for number in range(5000)}).modules) == 5000
    assert "5,000" in refusal({f"m{number}": row for number in range(5001)}).message


@pytest.mark.parametrize(
    "row",
    [
        {"title": "Cron", "severity": "Info", "sid": -1, "value": "x", "status": "Enabled", "type": "module"},
        {"module": "metatag", "update_id": 8107, "description": "x", "type": "hook_update_n"},
        {"name": "x.settings", "state": "Only in DB"},
        {"name": "drupal", "info": {}, "status": 4, "type": "module"},
        {"name": "drupal/x", "version": "1.0"},
        [],
        "text",
    ],
)
def test_other_outputs_of_drush_are_not_taken_for_it(row):
    found = recognise({"block": row})
    assert found is None or found.name != "drush pm:list"
    assert recognise({**rows(), "block": row}) is None
