"""The demo's release feeds: what they say of each version is what the demo's sites say of it."""

from __future__ import annotations

from datetime import UTC, datetime

from webapp.catalog.verdicts import calculate
from webapp.ops.demo.feeds import feed_of
from webapp.ops.demo.releases import read_projects

TODAY = datetime(2026, 11, 18, 12, tzinfo=UTC)
PROJECTS = {name: project for name, project in read_projects(TODAY).items() if project.kind != "library"}


def test_what_is_insecure_by_the_list_is_insecure_by_the_feed() -> None:
    for project in PROJECTS.values():
        feed = feed_of(project, TODAY)
        assert len(feed.releases) == len(project.releases)
        for version in project.releases:
            verdict = calculate(feed, version)
            assert (verdict.status == 1) == project.is_insecure(version, TODAY), (project.name, version)
            assert verdict.status in (1, 3, 4, 5), (project.name, version)
        assert calculate(feed, next(iter(feed.releases))).status == 5


def test_core_has_the_branches_that_drupal_keeps() -> None:
    feed = feed_of(PROJECTS["drupal"], TODAY)
    assert len(feed.supported_branches or ()) == 3
    majors = [branch.partition(".")[0] for branch in feed.supported_branches or ()]
    assert majors[0] == majors[1] > majors[2]
