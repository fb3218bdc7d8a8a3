"""Reading what Composer prints and writes: the lock file, show, outdated and audit."""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from webapp.fleet.values import Claim, ReportedModule
from webapp.ingest.formats import read_document, recognise
from webapp.kit.errors import Invalid

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name):
    return json.loads((FIXTURES / name).read_text())


def lock(*packages, dev=()):
    return {"content-hash": "0", "packages": list(packages), "packages-dev": list(dev)}


def by_name(report):
    found = {module.name: module for module in report.modules}
    assert len(found) == len(report.modules)
    return found


def wrong_fields(document):
    with pytest.raises(Invalid) as caught:
        read_document(document)
    return [detail["field"] for detail in caught.value.details]


# ---- composer.lock


def package(name, version, kind, project=None):
    return ReportedModule(name, version, kind, project, source="packages")


EXPECTED = [
    package("frontend", "dev-main", "theme"),
    package("acme/token", "v2.0.1", "library"),
    package("acme/web-shop", "1.4.0", "library"),
    package("search", "3.1.0", "module"),
    package("drupal", "10.3.8", "core", "drupal"),
    package("drupal/core-recommended", "10.3.8", "library"),
    package("ctools_views", "4.1.0", "module", "ctools"),
    package("gin", "8.x-3.0-rc13", "theme", "gin"),
    package("helfi_proxy", "3.4.1", "module", "helfi_proxy"),
    package("drupal/klaro_js", "0.7.22", "library"),
    package("token", "8.x-1.16", "module", "token"),
    package("minimal_plus", "1.0.0", "profile", "minimal_plus"),
    package("symfony/http-kernel", "v6.4.13", "library"),
    package("mikey179/vfsstream", "1.6.12", "library"),
    package("drupal/coder", "8.3.26", "library"),
]


def test_a_lock_says_what_is_there():
    report = read_document(fixture("composer.lock.json"))
    assert report.modules == EXPECTED
    assert report.formats == ("composer.lock",)
    assert (report.speaks, report.core_version) == (frozenset({"packages"}), "10.3.8")
    assert (report.absent_means_disabled, report.claims_security_of_all, report.claims) == (False, False, {})
    assert "hunter2" not in repr(report)


def test_packages_as_php_objects():
    document = fixture("composer.lock.json")
    packages = {str(index): row for index, row in enumerate(document["packages"])}
    assert read_document({**document, "packages": packages}).modules == EXPECTED


@pytest.mark.parametrize("name", ["acme/drupal", "drupal/drupal"])
def test_no_other_package_becomes_drupal_itself(name):
    report = read_document(
        lock(
            {"name": name, "version": "1.0", "type": "drupal-module"},
            {"name": "drupal/core", "version": "11.1.0", "type": "drupal-core"},
        )
    )
    assert {module.name: module.version for module in report.modules} == {name: "1.0", "drupal": "11.1.0"}
    assert report.core_version == "11.1.0"


def test_two_vendors_modules_of_one_name():
    rows = [
        {"name": f"{vendor}/token", "version": "1", "type": "drupal-module"} for vendor in ("acme", "beta", "drupal")
    ]
    names = {module.version + module.name for module in read_document(lock(*rows)).modules}
    assert names == {"1acme/token", "1beta/token", "1token"}


@pytest.mark.parametrize(
    "extra",
    [
        None,
        [],
        "text",
        {"drupal": []},
        {"drupal": {"version": 7}},
        {"drupal": {"version": ""}},
        {"drupal": {"version": "1\u0000"}},
    ],
)
def test_an_odd_extra_leaves_composers_version(extra):
    report = read_document(lock({"name": "drupal/a", "version": "1.0.0", "type": "drupal-module", "extra": extra}))
    assert report.modules == [package("a", "1.0.0", "module", "a")]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (7, "packages.0"),
        ({}, "packages.0.name"),
        ({"name": "webform", "version": "1"}, "packages.0.name"),
        ({"name": "a/b/c", "version": "1"}, "packages.0.name"),
        ({"name": "a/b"}, "packages.0.version"),
        ({"name": "a/b", "version": 7}, "packages.0.version"),
        ({"name": "a/b", "version": "1\n"}, "packages.0.version"),
    ],
)
def test_wrong_packages_are_named_by_place(row, field):
    assert wrong_fields(lock(row))[0] == field


def test_a_package_listed_twice():
    row = {"name": "a/b", "version": "1"}
    assert wrong_fields(lock(row, dev=[{**row, "name": "A/b"}])) == ["packages-dev.0.name"]


def test_a_lock_without_packages_is_refused():
    assert wrong_fields({**lock(), "packages": {}}) == ["packages"]
    assert wrong_fields({**lock(), "packages-dev": "text"}) == ["packages-dev"]


def test_too_many_packages():
    rows = [{"name": f"a/b{number}", "version": "1"} for number in range(5001)]
    assert len(read_document(lock(*rows[:2500], dev=rows[2500:5000])).modules) == 5000
    assert wrong_fields(lock(*rows)) == ["packages"]


# ---- composer show


def test_show_says_what_is_there():
    report = read_document(fixture("composer-show.json"))
    assert report.modules == [
        package("drupal", "10.3.8", "core", "drupal"),
        package("token", "1.16.0", "module", "token"),
        package("drupal/coder", "8.3.26", "library"),
        package("acme/frontend", "dev-main", "library"),
        package("symfony/http-kernel", "v6.4.13", "library"),
    ]
    assert report.formats == ("composer show",)
    assert (report.speaks, report.core_version) == (frozenset({"packages"}), "10.3.8")


def test_direct_packages_only_are_no_whole_list():
    document = fixture("composer-show.json")
    direct = {"locked": [row for row in document["installed"] if row["direct-dependency"]]}
    report = read_document(direct)
    assert len(report.modules) == 3
    assert report.speaks == frozenset()


def test_show_with_wrong_rows():
    assert wrong_fields({"installed": [{"name": "a/b"}, {"name": "c/d"}]}) == ["installed"]
    assert wrong_fields({"locked": [{"name": "a/b", "version": 7}, {"name": "c", "version": "1"}, 7]}) == [
        "locked.0.version",
        "locked.1.name",
        "locked.2",
    ]
    assert wrong_fields({"installed": [{"name": "a/b", "version": "1"}] * 2}) == ["installed.1.name"]
    assert wrong_fields({"installed": [{"name": f"a/b{number}", "version": "1"} for number in range(5001)]}) == [
        "installed"
    ]


# ---- composer outdated


def test_outdated_claims_and_removes_nothing():
    report = read_document(fixture("composer-outdated.json"))
    assert report.formats == ("composer outdated",)
    assert report.speaks == frozenset()
    assert [(module.name, module.version, module.claim) for module in report.modules] == [
        ("token", "1.16.0", Claim(latest_version="1.17.0", update_available=True)),
        ("acme/search", "3.1.0", Claim(latest_version="4.0.0", update_available=True)),
        ("gin", "3.0.0-rc13", Claim(update_available=False)),
        ("symfony/http-kernel", "v6.4.13", None),
    ]


@pytest.mark.parametrize("document", [{"installed": []}, {"locked": {}}])
def test_nothing_outdated_changes_nothing(document):
    report = read_document(document)
    assert (report.formats, report.modules, report.speaks, report.claims) == (
        ("composer outdated",),
        [],
        frozenset(),
        {},
    )


# ---- composer audit


def test_an_audit_claims_and_lists_nothing():
    report = read_document(fixture("composer-audit.json"))
    found = Claim(update_available=True, security_update=True)
    assert report.claims == {"drupal": found, "token": found, "acme/search": found, "gin": Claim()}
    assert (report.modules, report.speaks) == ([], frozenset())
    assert report.claims_security_of_all is True
    assert report.formats == ("composer audit",)


@pytest.mark.parametrize("advisories", [[], {}])
def test_an_audit_without_findings_clears_all(advisories):
    report = read_document({"advisories": advisories, "abandoned": []})
    assert (report.claims, report.claims_security_of_all, report.speaks) == ({}, True, frozenset())


def test_an_audit_that_could_not_ask_everybody_clears_nobody():
    report = read_document({"advisories": [], "unreachable-repositories": ["the repository could not be reached"]})
    assert report.claims_security_of_all is False
    assert read_document({"advisories": [], "unreachable-repositories": []}).claims_security_of_all is True


def test_a_wrong_audit():
    assert wrong_fields({"advisories": [["a"]]}) == ["advisories"]
    assert wrong_fields({"advisories": {"core": [], "a/b": "text"}}) == ["advisories.core", "advisories.a/b"]
    assert wrong_fields({"advisories": [], "ignored-advisories": "x"}) == ["ignored-advisories"]
    assert wrong_fields({"advisories": {f"a/b{number}": [1] for number in range(5001)}}) == ["advisories"]
    assert len(wrong_fields({"advisories": {f"b{number}": [1] for number in range(500)}})) == 50


# ---- shapes


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        "text",
        7,
        True,
        None,
        {"hello": "world"},
        [[[]]],
        {"packages": []},
        {"packages": "x", "content-hash": "0"},
        {"packages": [], "dev": True, "dev-package-names": []},
        {"name": "drupal/core", "versions": ["10.6.7"], "type": "metapackage"},
        {"drupal/core": {"name": "drupal/core", "version": "10.6.7", "homepage": "x"}},
        {"bomFormat": "SPDX", "components": []},
        {"module": {"node": 0}, "theme": {}, "profile": "standard"},
        {"root": "/var/www/html", "modules": "sites/all/modules"},
    ],
)
def test_unknown_shapes_are_refused_with_the_list_of_known_ones(document):
    assert recognise(document) is None
    with pytest.raises(Invalid, match=r"composer show, composer\.lock, .*drush pm:list, .*native") as caught:
        read_document(document)
    assert (caught.value.status, caught.value.details) == (422, [])


def test_documents_are_not_changed_by_reading():
    for name in (
        "composer.lock.json",
        "composer-show.json",
        "composer-outdated.json",
        "composer-audit.json",
        "pm-list.json",
    ):
        document = fixture(name)
        before = deepcopy(document)
        read_document(document)
        assert document == before
