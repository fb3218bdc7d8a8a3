"""`flask demo --from`: a directory of lock-file histories, replayed; a small one made here."""

from __future__ import annotations

import gzip
import json

import pytest
from sqlalchemy import text

from webapp.kit.db import ALL, db, enter_scope

REPO = "harbour/harbour-site"


def lock(webform, extra=()):
    packages = [
        {"name": "drupal/core", "version": "10.3.2", "type": "drupal-core"},
        {"name": "drupal/webform", "version": webform, "type": "drupal-module", "extra": {"drupal": {"version": webform}},
         "support": {"source": "https://git.drupalcode.org/project/webform"}},
        *extra,
    ]
    return {"content-hash": "0", "packages": packages, "packages-dev": []}


@pytest.fixture
def folder(tmp_path):
    """Two owners' histories; the second's last lock has something that its history never brought."""
    snapshot = {"drupal/core": ["10.3.1", None, "drupal-core", False], "drupal/webform": ["6.2.7", "6.2.7", "drupal-module", False],
                "drupal/token": ["1.15.0", "8.x-1.15", "drupal-module", False]}
    runs = [[["drupal/core", "10.3.1", "10.3.2", None, None, "drupal-core", False]],
            [["drupal/webform", "6.2.7", "6.2.9", "6.2.7", "6.2.9", "drupal-module", False],
             ["drupal/token", "1.15.0", None, "8.x-1.15", None, "drupal-module", False]]]
    lines = []
    for repo in (REPO, "tern/tern-site"):
        lines.append({"repo": repo, "kind": "snapshot", "commit": "a", "committed_at": "2024-08-01T09:00:00Z", "packages": snapshot})
        lines += [{"repo": repo, "kind": "run", "commit": "b", "committed_at": f"2024-09-0{day}T09:00:00Z", "changes": changes}
                  for day, changes in enumerate(runs, 1)]
    (tmp_path / "fleet-history.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    locks = tmp_path / "composer-locks"
    locks.mkdir()
    (locks / "harbour__harbour-site.json").write_text(json.dumps(lock("6.2.9")))
    (locks / "harbour__harbour-site.core_extension.json").write_text(json.dumps({"module": {"webform": 0}, "theme": {"claro": 0}}))
    unknown = {"name": "drupal/redirect", "version": "1.9.0", "type": "drupal-module", "extra": {"drupal": {"version": "8.x-1.9"}}}
    (locks / "tern__tern-site.json").write_text(json.dumps(lock("6.2.9", [unknown])))
    return tmp_path


def run(app, *args):
    return app.test_cli_runner().invoke(args=["demo", *map(str, args)])


def rows(statement):
    enter_scope(ALL)
    return [tuple(row) for row in db.session.execute(text(statement))]


def test_a_history_becomes_a_site(app, folder):
    done = run(app, "--from", folder, "--owner", "harbour")
    assert done.exit_code == 0, done.output
    assert f"{REPO}: 3 states, 6 changes" in done.output
    assert "the last lock changed nothing" in done.output
    with app.app_context():
        assert rows("SELECT s.name, s.url, o.name, s.core_version FROM sites s JOIN organizations o ON o.id = s.organization_id") == [
            ("harbour-site", f"https://github.com/{REPO}", "harbour", "10.3.2")]
        assert rows("""SELECT m.name, i.version, i.project, i.enabled FROM installations i JOIN modules m ON m.id = i.module_id
            WHERE i.valid_to IS NULL ORDER BY 1""") == [("drupal", "10.3.2", "drupal", None), ("webform", "6.2.9", "webform", True)]
        assert rows("""SELECT m.name, c.from_version, c.to_version, c.at::date::text FROM version_changes c
            JOIN modules m ON m.id = c.module_id WHERE c.kind <> 'added' ORDER BY c.at, m.name""") == [
            ("drupal", "10.3.1", "10.3.2", "2024-09-01"), ("token", "8.x-1.15", None, "2024-09-02"),
            ("webform", "6.2.7", "6.2.9", "2024-09-02")]
        assert rows("SELECT trigger, updates_count FROM patch_runs ORDER BY started_at") == [("inferred", 1), ("inferred", 1)]


def test_a_second_time_leaves_the_site_as_it_is(app, folder):
    run(app, "--from", folder, "--owner", "harbour")
    again = run(app, "--from", folder, "--owner", "harbour")
    assert again.exit_code == 0
    assert "is here already" in again.output
    with app.app_context():
        assert rows("SELECT count(*) FROM inventory_reports") == [(4,)]


def test_a_history_that_does_not_lead_to_its_lock_is_said(app, folder):
    done = run(app, "--from", folder, "--organization", "Everything")
    assert done.exit_code == 1
    assert "the last lock changed 1 instead of 0" in done.output
    assert "At 1 sites" in done.output
    with app.app_context():
        assert rows("SELECT name FROM organizations") == [("Everything",)]
        assert rows("SELECT count(*) FROM sites") == [(2,)]


def test_a_directory_without_histories_is_said(app, tmp_path):
    done = run(app, "--from", tmp_path)
    assert done.exit_code == 1
    assert "fleet-history.jsonl.gz" in done.output
