"""Lists of versions (mxr576/ddqg): recognised by their shape, kept list by list, and shown beside verdicts without touching them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.catalog.feed_server import feed
from tests.catalog.published import beside
from tests.factories import writing
from webapp.catalog.actions.releases import Origin, hash_of, keep_feed
from webapp.catalog.feeds.conflict_lists import BadList, read, recognises
from webapp.catalog.feeds.release_history import parse_feed
from webapp.catalog.values.marks import Mark
from webapp.catalog.verdicts.marking import marks_of
from webapp.kit.clock import now
from webapp.kit.db import rows

WORDS = {
    "insecure": "Ensures that versions affected by security advisories or just marked as insecure cannot be installed.",
    "unsupported": "Ensures that your project does not have installed dependencies with unsupported versions by maintainer or the Drupal "
                   "Security team.",
    "deprecated": "Ensures that your project does not have deprecated dependency versions installed.",
    "compatible": "Ensures that new dependencies without an available Drupal 10 compatible version cannot be installed on a project that "
                  "still running on < Drupal 10.",
}


def listed(kind: str, **conflict: Any) -> dict[str, Any]:
    return {"name": "mxr576/ddqg", "description": WORDS[kind], "type": "metapackage",
            "conflict": {f"drupal/{name}": constraint for name, constraint in conflict.items()}}


def imported(app: Any, folder: Path, **files: dict[str, Any]) -> str:
    """What the command says of these lists, each a file."""
    for old in folder.iterdir():
        old.unlink()
    for name, document in files.items():
        (folder / f"{name.replace('_', '-')}.composer.json").write_text(json.dumps(document))
    done = app.test_cli_runner().invoke(args=["feeds", "import", str(folder)])
    assert done.exit_code == 0, done.output
    return str(done.output)


@pytest.fixture
def site(cast: Any) -> Any:
    with writing(cast.app):
        raw = feed("webform", ("6.2.9", ""), ("6.2.7", ""), branches="6.2.")
        keep_feed(parse_feed(raw), hash_of(raw), Origin("test"), now())
        made = factories.site(cast.organization, name="City Library")
        factories.reported(made, {
            "webform": factories.module("webform", "6.2.7"), "webform_ui": factories.module("webform_ui", "6.2.7", project="webform"),
            "token": factories.module("token", "8.x-1.14", enabled=False), "old": factories.module("old", "7.x-1.14"),
            "own": factories.module("own", "1.0.0", project=None)})
    return made


def marks(cast: Any, site: Any, **asked: str) -> dict[str, list[str]]:
    return {row["name"]: row["marks"] for row in cast.viewer.get(f"/sites/{site.id}/modules", **asked).json["data"]}


@pytest.mark.parametrize(("kind", "name", "is_of"), [
    ("insecure", "no-insecure-versions.composer.json", Mark.INSECURE), ("unsupported", "x.json", Mark.UNSUPPORTED),
    ("deprecated", "a/deprecated.json", Mark.DEPRECATED), ("compatible", "non-d10-compatible-versions.composer.json", Mark.NO_DRUPAL_10),
    ("compatible", "ddqg.tar.gz/non-d11-compatible-versions.composer.json", Mark.NO_DRUPAL_11)])
def test_a_list_says_what_it_marks_by_its_words_or_else_by_its_name(kind: str, name: str, is_of: Mark) -> None:
    document = listed(kind, webform="<6.2.8", core="8.0.0", broken=">>1") | {"extra": {}}
    document["conflict"]["symfony/yaml"] = "*"
    assert recognises(document)
    found = read(document, name)
    assert (found.source, found.kind, dict(found.constraints), found.refused) == (
        "mxr576/ddqg", is_of, {"webform": "<6.2.8", "drupal": "8.0.0"}, ("broken",))


@pytest.mark.parametrize("document", [[], {"conflict": {}}, {"type": "metapackage", "require": {}}, {"packages": []}, None, "metapackage"])
def test_what_has_another_shape_is_no_list(document: Any) -> None:
    assert not recognises(document)


@pytest.mark.parametrize("other", [{"description": "Something else."}, {"name": "no vendor"}, {"name": None}])
def test_a_list_that_does_not_say_what_or_whose_it_is_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(BadList):
        read(listed("deprecated") | other, "list.json")


def test_versions_are_compared_as_composer_does_and_drupal_seven_is_not_meant() -> None:
    class Word:
        def __init__(self, kind: str, version_constraint: str) -> None:
            self.kind, self.version_constraint = kind, version_constraint

    words = [Word("deprecated", "*"), Word("unsupported", "1.0.0-beta1|1.14.0|2.x-dev"), Word("insecure", ">=1.0.0,<1.14.0")]
    assert marks_of("8.x-1.14", words) == ["unsupported", "deprecated"]
    assert marks_of("1.0.0-beta1", words) == ["insecure", "unsupported", "deprecated"]  # Composer's ">=" begins with them
    assert marks_of("8.x-2.x-dev", words) == ["unsupported", "deprecated"]
    assert marks_of("1.13.0", words) == ["insecure", "deprecated"]
    assert [marks_of(each, words) for each in ("7.x-1.14", None, "", "no version")] == [[], [], [], []]


def test_marks_stand_beside_the_verdict_and_change_nothing_else(cast: Any, site: Any, tmp_path: Path) -> None:
    before = cast.viewer.get(f"/sites/{site.id}/modules").json["data"], cast.viewer.get(f"/sites/{site.id}").json["data"]
    said = imported(cast.app, tmp_path, one=listed("insecure", webform="<6.2.8"), two=listed("deprecated", token="*", own="*", old="*"))
    assert "one.composer.json: marks versions of 1 projects" in said
    assert marks(cast, site) == {"webform": ["insecure"], "webform_ui": ["insecure"], "token": ["deprecated"], "old": [], "own": []}
    after = cast.viewer.get(f"/sites/{site.id}/modules").json["data"], cast.viewer.get(f"/sites/{site.id}").json["data"]
    assert [{**row, "marks": []} for row in after[0]] == before[0]
    assert after[1] == before[1]
    assert cast.viewer.get("/exposures").json["meta"]["total"] == 0
    assert marks(cast, site, mark="deprecated") == {"token": ["deprecated"]}
    assert marks(cast, site, mark="deprecated,insecure").keys() == {"webform", "webform_ui", "token"}
    assert cast.viewer.get(f"/sites/{site.id}/modules", mark="bad").status_code == 422


def test_each_import_replaces_its_list_and_later_reports_are_marked_too(cast: Any, site: Any, tmp_path: Path) -> None:
    imported(cast.app, tmp_path, one=listed("unsupported", webform="*", token="*"), two=listed("deprecated", webform="*"))
    assert marks(cast, site)["webform"] == ["unsupported", "deprecated"]
    said = imported(cast.app, tmp_path, one=listed("unsupported", webform=">=6.2.9"))
    assert "of 1 no longer" in said
    assert marks(cast, site) == {"webform": ["deprecated"], "webform_ui": ["deprecated"], "token": [], "old": [], "own": []}
    with writing(cast.app):
        factories.reported(site, {"webform": factories.module("webform", "6.2.9")})
    assert marks(cast, site) == {"webform": ["unsupported", "deprecated"]}
    with cast.app.app_context():
        assert [(row.kind, row.project) for row in rows("SELECT kind, project FROM project_marks ORDER BY kind")] == [
            ("deprecated", "webform"), ("unsupported", "webform")]


def test_a_module_and_its_versions_tell_them_and_lists_of_sites_take_them(cast: Any, site: Any, tmp_path: Path) -> None:
    imported(cast.app, tmp_path, one=listed("unsupported", webform="6.2.7|6.2.8", token="*"))
    module = next(row for row in cast.viewer.get("/modules").json["data"] if row["name"] == "webform")
    assert "marks" not in module
    one = cast.viewer.get(f"/modules/{module['id']}").json["data"]
    assert [(each["kind"], each["source"], each["version_constraint"]) for each in one["marks"]] == [
        ("unsupported", "mxr576/ddqg", "6.2.7|6.2.8")]
    versions = {row["version"]: row["marks"] for row in cast.viewer.get(f"/modules/{module['id']}/versions").json["data"]}
    assert versions == {"6.2.7": ["unsupported"]}
    assert [row["name"] for row in cast.viewer.get("/sites", mark="unsupported").json["data"]] == ["City Library"]
    assert cast.viewer.get("/sites", mark="deprecated").json["data"] == []
    assert cast.viewer.get(f"/modules/{module['id']}/sites", mark="unsupported").json["meta"]["total"] == 1
    assert cast.viewer.get(f"/modules/{module['id']}/sites", mark="insecure").json["meta"]["total"] == 0
    assert cast.stranger.get("/sites", mark="unsupported").json["data"] == []
    with writing(cast.app):  # what is switched off is no risk of the site
        factories.reported(site, {"token": factories.module("token", "8.x-1.14", enabled=False)})
    assert cast.viewer.get("/sites", mark="unsupported").json["data"] == []


def test_pages_tell_them(cast: Any, site: Any, tmp_path: Path) -> None:
    imported(cast.app, tmp_path, one=listed("unsupported", webform="*"))
    page = cast.viewer.browser().get(f"/sites/{site.id}").get_data(as_text=True)
    assert "Imported lists mark this version as unsupported; Drupal’s verdict does not rest on that." in page
    assert f'href="/sites/{site.id}?mark=unsupported">2</a>' in page
    module = next(row for row in cast.viewer.get("/modules").json["data"] if row["name"] == "webform")
    shown = cast.viewer.browser().get(f"/modules/{module['id']}").get_data(as_text=True)
    assert "Marked by lists" in shown
    assert "every version" in shown
    assert "Unsupported" in cast.viewer.browser().get(f"/modules/{module['id']}/versions").get_data(as_text=True).partition("<tbody>")[2]


def test_the_published_lists_are_read_whole(cast: Any, site: Any) -> None:
    folder = beside("advisories/ddqg")
    kinds = {}
    for file in sorted(folder.glob("*.json")):
        found = read(json.loads(file.read_text()), file.name)
        kinds[found.kind] = (len(found.constraints), found.refused)
    assert set(kinds) == set(Mark)
    assert all(count > 100 and not refused for count, refused in kinds.values())
    done = cast.app.test_cli_runner().invoke(args=["feeds", "import", str(folder)])
    assert done.exit_code == 0, done.output
    assert "0 files not read" in done.output
