"""Reading Patchboard's own body: every field, and the place of every mistake."""

import itertools
import json
from datetime import UTC, datetime

import pytest

from webapp.fleet.values import EVERYTHING, Claim, ReportedModule
from webapp.ingest.formats import read_document
from webapp.kit.errors import Invalid

SECRET = "hunter2-do-not-tell"

WHOLE = {
    "reported_at": "2026-11-18T16:05:00Z",
    "full": True,
    "drupal": {
        "core_version": "10.3.8",
        "php_version": "8.3.14",
        "database": "mysql 8.0.39",
        "install_profile": "standard",
    },
    "modules": [
        {
            "name": "webform",
            "display_name": "Webform",
            "type": "module",
            "project": "webform",
            "version": "6.2.7",
            "enabled": True,
            "latest_version": "6.2.9",
            "recommended_version": "6.2.8",
            "update_available": True,
            "security_update": False,
        }
    ],
}


def one(**fields):
    """A body whose second module has these fields on top of a right name and version."""
    return {"modules": [{"name": "alpha", "version": "1.0.0"}, {"name": "beta", "version": "1.0.0", **fields}]}


def wrong_fields(document):
    with pytest.raises(Invalid) as caught:
        read_document(document)
    assert caught.value.status == 422
    assert SECRET not in json.dumps([caught.value.message, *[detail["message"] for detail in caught.value.details]])
    return [detail["field"] for detail in caught.value.details]


def test_every_field_is_read():
    report = read_document(WHOLE)
    assert report.formats == ("native",)
    assert report.reported_at == datetime(2026, 11, 18, 16, 5, tzinfo=UTC)
    assert report.speaks == EVERYTHING
    assert (report.core_version, report.php_version, report.database) == ("10.3.8", "8.3.14", "mysql 8.0.39")
    assert report.install_profile == "standard"
    assert report.modules == [
        ReportedModule(
            "webform",
            "6.2.7",
            "module",
            "webform",
            "Webform",
            True,
            "extensions",
            Claim("6.2.9", "6.2.8", True, False),
        ),
        ReportedModule("drupal", "10.3.8", "core", "drupal", None, True),
    ]


def test_only_name_and_version_are_required():
    report = read_document({"modules": [{"name": "webform", "version": None}]})
    assert report.modules == [ReportedModule("webform", None, project="webform")]
    assert (report.full, report.reported_at, report.core_version) == (True, None, None)


def test_a_partial_list_speaks_for_nothing():
    report = read_document({**WHOLE, "full": False})
    assert report.speaks == frozenset()
    assert len(report.modules) == 2


VERSIONS = [
    "10.3.8",
    "8.x-1.14",
    "7.x-3.0-rc2",
    "1.0.0-beta3",
    "11.x-dev",
    None,
    "4.0.0-beta4+2-dev",
    "8.x-2.05",
    "v1.12.0",
    "dev-main",
    "dev-feature/x",
    "x" * 255,
    "1.0 ",
    " 1.0",
    "1.0\u00e9",
]


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_are_kept_as_given(version):
    assert read_document(one(version=version, latest_version=version)).modules[1].version == version


@pytest.mark.parametrize(
    "version", [7, 1.5, True, ["1.0"], {"a": 1}, "v" * 256, "1.0\u0000", "1.0\n", "", "  ", "1\ud8002"]
)
@pytest.mark.parametrize("field", ["version", "latest_version", "recommended_version"])
def test_wrong_versions_are_named_by_place(version, field):
    assert wrong_fields(one(**{field: version})) == [f"modules.1.{field}"]


def test_a_missing_version_is_not_a_null_one():
    assert wrong_fields({"modules": [{"name": "alpha"}]}) == ["modules.0.version"]


@pytest.mark.parametrize(
    "name",
    [
        "Web Form",
        "9lives",
        "web-form",
        "",
        "x" * 129,
        "<script>",
        "a/b/c",
        "../etc",
        "web\u0000form",
        "webform\n",
        "a/",
        "/b",
        "a/b\n",
        "a/" + "b" * 128,
        7,
        None,
        ["a"],
        "\u00e4b",
        SECRET,
    ],
)
def test_wrong_names_are_named_by_place(name):
    assert wrong_fields(one(name=name)) == ["modules.1.name"]
    assert wrong_fields(one(name=name, display_name="Ab 2")) == ["modules.1.name"]


@pytest.mark.parametrize("name", ["a", "_chk", "x" * 128, "webform_ui2"])
def test_machine_names(name):
    assert read_document(one(name=name)).modules[1].name == name


def test_a_package_is_a_library():
    report = read_document(one(name="symfony/http-foundation", version="v6.4.3"))
    assert report.modules[1] == ReportedModule("symfony/http-foundation", "v6.4.3", "library", source="packages")
    assert read_document(one(name="npm-asset/fortawesome--free", type="library")).modules[1].source == "packages"
    assert wrong_fields(one(name="symfony/http-foundation", type="module")) == ["modules.1.type"]


def test_package_names_are_compared_in_lower_case():
    assert read_document(one(name="mikey179/vfsStream")).modules[1].name == "mikey179/vfsstream"
    twice = {"modules": [{"name": "a/B", "version": "1"}, {"name": "a/b", "version": "1"}]}
    assert wrong_fields(twice) == ["modules.1.name"]


def test_a_module_named_twice():
    assert wrong_fields(one(name="alpha")) == ["modules.1.name"]


WRONG = [
    ("display_name", 7),
    ("display_name", "a\nb"),
    ("display_name", "a" * 256),
    ("type", "plugin"),
    ("type", 7),
    ("type", ["module"]),
    ("project", "../x"),
    ("project", "a/b"),
    ("project", 7),
    ("enabled", 1),
    ("enabled", "yes"),
    ("update_available", 0),
    ("security_update", "true"),
    ("colour", "red"),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_wrong_values_are_named_by_place(field, value):
    assert wrong_fields(one(**{field: value})) == [f"modules.1.{field}"]


@pytest.mark.parametrize(
    "field", ["display_name", "type", "enabled", "latest_version", "update_available"]
)
def test_null_is_as_good_as_absent(field):
    assert read_document(one(**{field: None})).modules[1] == ReportedModule("beta", "1.0.0", project="beta")


def test_a_module_is_its_own_project_unless_it_is_said_to_have_none():
    assert read_document(one()).modules[1].project == "beta"
    assert read_document(one(project=None)).modules[1].project is None
    assert read_document(one(project="other")).modules[1].project == "other"
    assert read_document(one(name="acme/beta")).modules[1].project is None


def test_the_plain_and_the_careful_reading_agree():
    """A label with a colon takes the careful way; all else must come out the same."""
    choices = {
        "project": [None, "beta", "other"],
        "version": [None, "1.0"],
        "enabled": [None, True, False],
        "latest_version": [None, "2.0"],
        "security_update": [None, True],
        "type": [None, "theme"],
    }
    for values in itertools.product(*choices.values()):
        given = dict(zip(choices, values, strict=True))
        plain = read_document(one(**given, display_name="Beta")).modules[1]
        careful = read_document(one(**given, display_name="Beta: 2")).modules[1]
        careful.display_name = "Beta"
        assert plain == careful


def test_unknown_fields():
    assert wrong_fields({**WHOLE, "colour": "red"}) == ["colour"]
    assert wrong_fields({**WHOLE, "drupal": {"colour": "red"}}) == ["drupal.colour"]
    assert wrong_fields({**WHOLE, "a\u0000b<c>" + "x" * 500: 1})[0].startswith("a?b?c?x")


def test_all_mistakes_are_told_at_once_up_to_fifty():
    assert wrong_fields({"modules": [{"name": "A"}, 7], "full": 1, "reported_at": ""}) == [
        "full",
        "reported_at",
        "modules.0.name",
        "modules.0.version",
        "modules.1",
    ]
    assert len(wrong_fields({"modules": [{"name": f"BAD {number}", "version": 1} for number in range(5000)]})) == 50
    assert len(wrong_fields({"modules": [], **{f"x{number}": 1 for number in range(5000)}})) == 50


@pytest.mark.parametrize("modules", ["text", {"a": 1}, None, 7])
def test_modules_must_be_a_list(modules):
    assert wrong_fields({"modules": modules}) == ["modules"]


def test_a_list_that_php_made_an_object_of():
    rows = {"0": {"name": "alpha", "version": "1"}, "2": {"name": "beta", "version": "1"}}
    assert [module.name for module in read_document({"modules": rows, "drupal": []}).modules] == ["alpha", "beta"]


def test_an_empty_list_would_remove_everything():
    assert wrong_fields({"modules": []}) == ["modules"]
    assert wrong_fields({"modules": [], "full": True}) == ["modules"]
    assert read_document({"modules": [], "full": False}).modules == []
    assert [
        module.name for module in read_document({"modules": [], "drupal": {"core_version": "11.0.1"}}).modules
    ] == ["drupal"]


def test_five_thousand_modules_and_one_more():
    rows = [{"name": f"m{number}", "version": "1.0.0"} for number in range(5000)]
    assert len(read_document({"modules": rows}).modules) == 5000
    assert wrong_fields({"modules": [*rows, {"name": "one_more", "version": "1"}]}) == ["modules"]
