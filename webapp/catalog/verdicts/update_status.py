"""Drupal core's update status, step by step as core takes them.

Source: core/modules/update/update.compare.inc, update_calculate_project_update_status(). Held to what core's own PHP answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from webapp.catalog.values.releases import NOT_FETCHED_STATUS, Release, ReleaseFeed, UpdateStatus, Verdict
from webapp.catalog.verdicts.extension_version import ExtensionVersion, UnexpectedVersion, install_type, parse, parse_branch

S = UpdateStatus
LEEWAY = 100
"""Seconds by which a development version may be older than a release and still count as newer: packaging takes time."""
UNNAMED = "Unknown"
"""What core calls the version of what names none."""
NOTHING = "No available releases found"
is_date = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII).fullmatch
BAD_PROJECTS: dict[str, tuple[UpdateStatus, str]] = {
    "insecure": (S.NOT_SECURE, "Project not secure"),
    "unpublished": (S.REVOKED, "Project revoked"),
    "revoked": (S.REVOKED, "Project revoked"),
    "unsupported": (S.NOT_SUPPORTED, "Project not supported"),
}


def calculate(feed: ReleaseFeed | None, installed: str | None, datestamp: int | None) -> Verdict:
    """How the installed version stands by the feed of Drupal 8 and later."""
    verdict = Verdict(install_type(installed))
    if judged_by_project(verdict, feed):
        return verdict
    if installed == "":
        return verdict.settle(S.UNKNOWN, "empty_version", "Empty version")
    installed = UNNAMED if installed is None else installed
    try:
        existing = parse(installed)
    except UnexpectedVersion:
        return verdict.settle(S.UNKNOWN, "invalid_version", f"Invalid version: {installed}")
    search = _Search(verdict, installed, existing, datestamp, feed.supported_branches or () if feed else ())
    search.choose_target()
    if feed is None or not feed.releases:
        return verdict.settle(S.UNKNOWN, "no_releases", NOTHING)
    for release in feed.releases.values():
        if not search.goes_on_after(release):
            break
    if verdict.recommended is None and search.is_supported:
        verdict.recommended = verdict.latest_version
    return verdict if verdict.status is not None else compare_installed(verdict, installed, datestamp, feed)


def judged_by_project(verdict: Verdict, feed: ReleaseFeed | None) -> bool:
    """Whether the project's own status decides, so that no versions are looked at."""
    status = feed.project_status if feed else ""
    if status == NOT_FETCHED_STATUS:
        verdict.settle(S.NOT_FETCHED, "not_fetched", "Failed to get available update data.")
    elif status in BAD_PROJECTS:
        code, label = BAD_PROJECTS[status]
        verdict.settle(code, "project_status", label=label)
    return verdict.status is not None


def compare_installed(verdict: Verdict, installed: str, datestamp: int | None, feed: ReleaseFeed) -> Verdict:
    """The status of what nothing worse is known of: current or not, by version, or for development versions by date."""
    if verdict.recommended is None:
        return verdict.settle(S.UNKNOWN, "nothing_recommended", NOTHING)
    if verdict.install_type == "official":
        is_current = installed in (verdict.recommended, verdict.latest_version)
        return verdict.settle(S.CURRENT if is_current else S.NOT_CURRENT, "compared_by_version")
    if verdict.install_type == "unknown":
        return verdict.settle(S.UNKNOWN, "invalid_info", "Invalid info")
    latest, dev = _date(feed, verdict.latest_version), _date(feed, verdict.dev_version)
    verdict.latest_dev = verdict.dev_version if verdict.dev_version and dev > latest else verdict.latest_version
    if not datestamp:
        return verdict.settle(S.NOT_CHECKED, "unknown_date", "Unknown release date")
    is_current = datestamp + LEEWAY > _date(feed, verdict.latest_dev)
    return verdict.settle(S.CURRENT if is_current else S.NOT_CURRENT, "compared_by_date")


def _date(feed: ReleaseFeed, version: str | None) -> int:
    return feed.releases[version].seconds if version is not None else 0


def is_whole(release: Release) -> bool:
    """Whether core takes this for a release at all."""
    return bool(release.version and release.release_link and release.status in ("published", "unpublished")
                and (release.date is None or is_date(release.date)))


@dataclass(slots=True)
class _Search:
    """One walk over the releases, in the file's order: it is never sorted."""

    verdict: Verdict
    installed: str
    existing: ExtensionVersion
    datestamp: int | None
    branches: tuple[str, ...]
    target: float = 0
    # What was found of the last release that was looked at; the rule for a missing recommendation reads it after the walk.
    is_supported: bool = False
    base: str = ""
    candidate: str | None = None
    majors: set[float] = field(default_factory=set)

    def in_supported(self, version: str) -> bool:
        return version.startswith(self.branches) if self.branches else False

    def choose_target(self) -> None:
        """The major version to look in: the installed one while it is supported, else that of the first supported branch."""
        self.target = self.existing.major
        if self.branches and not self.in_supported(self.installed):
            self.verdict.settle(S.NOT_SUPPORTED, "unsupported_branch")
            for branch in self.branches:
                try:
                    self.target = max(self.target, parse_branch(branch).major)
                except UnexpectedVersion:
                    continue
                break

    def goes_on_after(self, release: Release) -> bool:
        """Takes one release in; False once the installed one is reached."""
        if not is_whole(release):
            return True
        try:
            version = parse(release.version)
        except UnexpectedVersion:
            return True
        self.is_supported = self.in_supported(release.version) and not release.is_unsupported
        is_installed = release.version == self.installed
        if is_installed:
            self._judge_installed(release)
        elif self._is_ignored(release, version):
            return True
        if version.major > self.target:
            self._also(release, version)
            return True
        if version.major == self.target:
            self._consider(release, version)
        if is_installed:
            return False
        if release.is_security and not self._is_older(release):
            self.verdict.security_updates.append(release.version)
        return True

    def _judge_installed(self, release: Release) -> None:
        if release.is_insecure:
            self.verdict.settle(S.NOT_SECURE, "installed_insecure")
        elif not release.is_published:
            self.verdict.settle(S.REVOKED, "installed_revoked", label="Release revoked")
        elif not self.is_supported:
            self.verdict.settle(S.NOT_SUPPORTED, "installed_unsupported", label="Release not supported")

    def _is_ignored(self, release: Release, version: ExtensionVersion) -> bool:
        return (not release.is_published or not self.is_supported or release.is_insecure
                or (version.extra == "dev" and release.date is None))

    def _also(self, release: Release, version: ExtensionVersion) -> None:
        if version.major not in self.majors:
            self.majors.add(version.major)
            self.verdict.also[f"{version.major:g}"] = release.version

    def _consider(self, release: Release, version: ExtensionVersion) -> None:
        """A release of the target major: the latest, the newest development version, or the one to recommend."""
        verdict = self.verdict
        if verdict.latest_version is None:
            verdict.latest_version = release.version
        if verdict.dev_version is None and version.extra == "dev":
            verdict.dev_version = release.version
        if verdict.recommended is None and self.is_supported:
            base = release.version.replace(f"-{version.extra}", "") if version.extra else release.version
            if base != self.base:
                self.base, self.candidate = base, release.version
            if version.extra is None:
                verdict.recommended = self.candidate

    def _is_older(self, release: Release) -> bool:
        """Whether an installed development version has this release in it already, or nobody can tell."""
        if self.verdict.install_type != "dev":
            return False
        return not self.datestamp or bool(release.seconds and self.datestamp + LEEWAY > release.seconds)
