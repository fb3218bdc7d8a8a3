"""What the demo's sites can install: real projects with their real versions, in the order in which they came out.

The dates are moved so that the list's last day is the moment of the demo: it looks the same whenever it is made.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from webapp.catalog.versions import sort_key

LIST: Final = Path(__file__).with_name("releases.tsv")
LAST_DAY: Final = datetime(2026, 8, 21, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a project; `key` orders versions as Composer does."""

    version: str
    at: datetime
    is_security: bool
    key: Any = field(repr=False)


@dataclass(slots=True)
class Line:
    """The releases that update each other, by date; `best` is the highest version up to each."""

    dates: list[datetime] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    best: list[Release] = field(default_factory=list)

    def add(self, release: Release) -> None:
        self.dates.append(release.at)
        self.releases.append(release)
        self.best.append(max(self.best[-1], release, key=lambda each: each.key) if self.best else release)


class Project:
    """A project of the list: what it is, and what there was of it when."""

    def __init__(self, name: str, kind: str, title: str) -> None:
        self.name, self.kind, self.title = name, kind, title
        self.lines: dict[str, Line] = {}
        self.releases: dict[str, Release] = {}

    def add(self, release: Release) -> None:
        self.releases[release.version] = release
        self.lines.setdefault(self._line(release.version), Line()).add(release)

    def latest(self, version: str, at: datetime) -> Release:
        """The highest version at that time that updates the given one."""
        line = self.lines[self._line(version)]
        return line.best[bisect_right(line.dates, at) - 1]

    def newest(self, at: datetime, behind: int = 0, line: str = "") -> Release | None:
        """The highest version at that time, or the one that was so `behind` releases earlier; None before the first."""
        its = self.lines[line]
        place = bisect_right(its.dates, at) - 1
        return its.best[max(place - behind, 0)] if place >= 0 else None

    def is_insecure(self, version: str, at: datetime) -> bool:
        """Whether a security release that came out after the version, and updates it, is there."""
        installed = self.releases[version]
        return any(
            each.is_security and installed.at < each.at <= at and each.key > installed.key
            for each in self.lines[self._line(version)].releases
        )

    def _line(self, version: str) -> str:
        """Drupal core is kept within its major version; the list has one line of any other project."""
        return version.partition(".")[0] if self.kind == "core" else ""


def read_projects(today: datetime) -> dict[str, Project]:
    """The projects by name, their dates moved so that the list ends `today`."""
    shift = today - LAST_DAY
    projects: dict[str, Project] = {}
    for text in LIST.read_text("utf-8").splitlines():
        if text.startswith("#"):
            continue
        name, kind, title, releases = text.split("\t")
        project = projects[name] = Project(name, kind, title)
        for release in releases.split():
            version, _, day = release.partition("@")
            at = datetime.fromisoformat(f"{day.rstrip('!')}T12:00+00:00") + shift
            project.add(Release(version, at, day.endswith("!"), sort_key(version)))
    return projects
