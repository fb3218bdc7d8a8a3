"""Release feeds of the demo's projects, made of the same list that its sites install from: so that verdicts can be seen without a network.

They say that they are the demo's, and do not age. A server that fetches feeds replaces them by Drupal.org's own when they are due.
"""

from __future__ import annotations

from datetime import datetime

import orjson

from webapp.catalog.actions.releases import Kept, Origin, hash_of, keep_feed
from webapp.catalog.values.freshness import Lasting
from webapp.catalog.values.releases import INSECURE, SECURITY, Release, ReleaseFeed, feeds_kept
from webapp.kit.db import ALL, unit_of_work
from webapp.ops.demo import releases
from webapp.ops.demo.releases import Project

SOURCE = "demo"
TYPES = {"core": "project_core", "theme": "project_theme", "profile": "project_distribution"}
MINORS_KEPT = 2
MAJORS_KEPT = 2


def make_feeds(projects: dict[str, Project], today: datetime) -> list[Kept]:
    """Keeps a feed of each project that Drupal.org would have, and lets the sites follow."""
    kept = []
    for project in projects.values():
        if project.kind != "library":
            feed = feed_of(project, today)
            with unit_of_work(ALL):
                kept.append(keep_feed(feed, _hash(feed), Origin(SOURCE), today, Lasting(stale_after=None)))
    feeds_kept.send(None, at=today)
    return kept


def feed_of(project: Project, today: datetime) -> ReleaseFeed:
    """What Drupal.org would say of a project today: the newest first, what a security release has left behind marked insecure."""
    newest_first = sorted((each for each in project.releases.values() if each.at <= today), key=lambda each: each.key, reverse=True)
    page = f"https://www.drupal.org/project/{project.name}"
    return ReleaseFeed(
        project.name, project.title, TYPES.get(project.kind, "project_module"), "published", page,
        supported_branches=tuple(_branches(project, newest_first)),
        releases={each.version: _release(project, each, page, today) for each in newest_first})


def _release(project: Project, release: releases.Release, page: str, today: datetime) -> Release:
    terms = ((SECURITY,) if release.is_security else ("Bug fixes",)) + ((INSECURE,) if project.is_insecure(release.version, today) else ())
    return Release(
        release.version, "published", f"{page}/releases/{release.version}", date=str(int(release.at.timestamp())), terms=terms,
        core_compatibility=None if project.kind == "core" else "^10 || ^11", covered=True)


def _branches(project: Project, newest_first: list[releases.Release]) -> list[str]:
    """Of core the newest minor versions of each major, of others the newest majors."""
    found: dict[str, list[str]] = {}
    for release in newest_first:
        prefix, _, rest = release.version.rpartition("x-")
        parts = rest.split(".")
        major = f"{prefix}x-{parts[0]}." if prefix else f"{parts[0]}."
        branch = f"{major}{parts[1]}." if project.kind == "core" else major
        if branch not in found.setdefault(major, []):
            found[major].append(branch)
    majors = list(found.values())[:MAJORS_KEPT]
    if project.kind != "core":
        return [branch for branches in majors for branch in branches]
    # The newest major keeps two minor versions, the one before it the last.
    return [branch for place, branches in enumerate(majors) for branch in branches[:MINORS_KEPT - place]]


def _hash(feed: ReleaseFeed) -> bytes:
    told = [[each.version, each.date, each.terms] for each in feed.releases.values()]
    return hash_of(orjson.dumps([feed.short_name, feed.supported_branches, told]))
