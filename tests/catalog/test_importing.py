"""`flask feeds import`: a file, a folder, an archive, a site's own JSON; twice the same changes nothing; what is no feed is named."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.catalog.feed_server import feed
from tests.factories import writing
from webapp.catalog.models import ProjectFeed, ProjectRelease
from webapp.kit.db import db

TINY = feed("tiny", ("1.0.1", "Bug fixes"), ("1.0.0", "Bug fixes"))
SEVEN = (b"<project><title>Old</title><short_name>old</short_name><api_version>7.x</api_version><recommended_major>1</recommended_major>"
         b"<supported_majors>1</supported_majors><project_status>published</project_status><releases><release><version>7.x-1.2</version>"
         b"<version_major>1</version_major><version_patch>2</version_patch><status>published</status><date>1400000000</date></release>"
         b"</releases></project>")
NONE = b"<error>No release history was found for the requested project (gone).</error>"


def run(app: Any, path: Path) -> Any:
    return app.test_cli_runner().invoke(args=["feeds", "import", str(path)])


def kept(app: Any) -> dict[str, tuple[str, str, int]]:
    with app.app_context():
        counts = select(ProjectRelease.feed_id, func.count().label("n")).group_by(ProjectRelease.feed_id).subquery()
        found = db.session.execute(select(ProjectFeed.project, ProjectFeed.line, ProjectFeed.state, func.coalesce(counts.c.n, 0))
                                   .outerjoin(counts, counts.c.feed_id == ProjectFeed.id))
        return {row[0]: (row[1], row[2], row[3]) for row in found}


def test_a_folder_with_everything_in_it(app: Any, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "tiny.xml").write_bytes(TINY)
    (tmp_path / "deep" / "old-7.x.xml").write_bytes(SEVEN)
    (tmp_path / "packed.xml.gz").write_bytes(gzip.compress(feed("packed", ("1.0.0", "Bug fixes"))))
    (tmp_path / "gone.xml").write_bytes(NONE)
    (tmp_path / "broken.xml").write_bytes(b"<project><short_name>broken")
    (tmp_path / "hostile.xml").write_bytes(b'<!DOCTYPE p [<!ENTITY a "b">]><project><short_name>&a;</short_name></project>')
    (tmp_path / "notes.txt").write_text("not looked at")
    done = run(app, tmp_path)
    assert done.exit_code == 0, done.output
    assert "4 feeds: 3 added, 1 changed, 0 unchanged" in done.stdout
    assert "2 files not read" in done.stdout
    assert "broken.xml: it is not well-formed XML" in done.stderr
    assert "hostile.xml: it declares a document type or entities" in done.stderr
    assert kept(app) == {"tiny": ("current", "ok", 2), "old": ("7.x", "ok", 1), "packed": ("current", "ok", 1),
                         "gone": ("current", "unknown_project", 0)}
    assert "4 feeds: 0 added, 0 changed, 4 unchanged" in run(app, tmp_path).stdout


def test_a_version_that_is_none_is_not_kept(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "tiny.xml"
    path.write_bytes(feed("tiny", ("1." + "9" * 4000, "Bug fixes"), ("", "Bug fixes"), ("1.0.0", "Bug fixes")))
    assert "1 feeds: 1 added" in run(app, path).stdout
    assert kept(app) == {"tiny": ("current", "ok", 1)}


def test_both_lines_of_a_project_may_list_one_version(cast: Any, tmp_path: Path) -> None:
    with writing(cast.app):
        factories.reported(factories.site(cast.organization), {"old": factories.module("old", "7.x-1.2")})
    (tmp_path / "old-7.x.xml").write_bytes(SEVEN)
    (tmp_path / "old.xml").write_bytes(feed("old", ("2.0.0", "Bug fixes"), ("7.x-1.2", "Bug fixes")))
    done = run(cast.app, tmp_path)
    assert "2 feeds: 2 added" in done.stdout, done.output
    module = cast.admin.get("/modules", name="old").json["data"][0]
    versions = {row["version"]: row["is_supported"] for row in cast.admin.get(f"/modules/{module['id']}/versions").json["data"]}
    assert versions == {"2.0.0": True, "7.x-1.2": True}


def test_a_changed_feed_loses_what_it_no_longer_lists(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "tiny.xml"
    path.write_bytes(TINY)
    run(app, path)
    path.write_bytes(feed("tiny", ("1.0.2", "Bug fixes")))
    assert "0 added, 1 changed" in run(app, path).stdout
    assert kept(app) == {"tiny": ("current", "ok", 1)}


def test_an_archive_is_read_without_touching_the_disk(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "feeds.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"a/tiny.xml": TINY, "../../escaped.xml": feed("escaped"), "/etc/shadow.xml": b"no feed"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("link.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    done = run(app, path)
    assert "2 feeds" in done.stdout
    assert "shadow.xml: it is not well-formed XML" in done.stderr
    assert not (tmp_path.parent / "escaped.xml").exists()
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(path.read_bytes()[:200])
    assert "it is no archive that can be read to its end" in run(app, cut).stderr


def test_what_a_site_has_fetched_itself(app: Any, tmp_path: Path) -> None:
    release = {"version": "2.0.1", "status": "published", "release_link": "x", "date": "1700000300", "terms": {"Release type": ["Bug fixes"]}}
    document = {name: {"title": name, "short_name": name, "project_status": "published", "supported_branches": "2.", "releases": {
        "2.0.1": release}} for name in ("tiny", "huge")}
    path = tmp_path / "update_get_available.json"
    path.write_text(json.dumps(document))
    assert "2 feeds: 2 added" in run(app, path).stdout
    assert "2 feeds: 0 added, 0 changed, 2 unchanged" in run(app, path).stdout
    assert kept(app) == {"tiny": ("current", "ok", 1), "huge": ("current", "ok", 1)}


@pytest.mark.parametrize(("name", "content", "reason"), [
    ("bomb.xml.gz", gzip.compress(b" " * 60_000_000, mtime=0), "unpacks to more"), ("no.xml.gz", b"no gzip", "no gzip file"),
    ("other.json", b'{"packages": []}', "not the output of update_get_available"), ("empty.xml", b"", "empty")])
def test_where_nothing_can_be_read_the_command_fails(app: Any, tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    done = run(app, path)
    assert done.exit_code == 1
    assert reason in done.stderr
    assert "There was no release feed" in done.stderr
