"""Drupal 7's update status, which looks at majors and lets security updates decide before everything else.

Source: drupal 7.x, modules/update/update.compare.inc.
"""

from __future__ import annotations

from dataclasses import dataclass

from webapp.catalog.values.releases import Release, ReleaseFeed, UpdateStatus, Verdict
from webapp.catalog.verdicts.extension_version import existing_major, install_type
from webapp.catalog.verdicts.update_status import LEEWAY, NOTHING, UNNAMED, compare_installed, judged_by_project

S = UpdateStatus


def calculate(feed: ReleaseFeed | None, installed: str | None, datestamp: int | None) -> Verdict:
    """How the installed version stands by a 7.x feed."""
    verdict = Verdict(install_type(installed))
    if judged_by_project(verdict, feed):
        return verdict
    installed = UNNAMED if installed is None else installed
    if feed is None or not feed.releases:
        return verdict.settle(S.UNKNOWN, "no_releases", NOTHING)
    search = _Search(verdict, installed, datestamp, _target(verdict, feed, installed))
    for release in feed.releases.values():
        if not search.goes_on_after(release):
            break
    if verdict.recommended is None:
        verdict.recommended = verdict.latest_version
    if verdict.security_updates:
        return verdict.settle(S.NOT_SECURE, "security_updates")
    return verdict if verdict.status is not None else compare_installed(verdict, installed, datestamp, feed)


def _target(verdict: Verdict, feed: ReleaseFeed, installed: str) -> int:
    existing = existing_major(installed)
    supported = feed.supported_majors
    if supported is None:
        supported = (feed.default_major,) if feed.default_major is not None else ()
    if str(existing) in supported:
        return existing
    if feed.recommended_major is not None:
        verdict.settle(S.NOT_SUPPORTED, "unsupported_major")
        return max(existing, _number(feed.recommended_major))
    return max(existing, _number(feed.default_major))


def _number(text: str | None) -> int:
    return int(text[:18]) if text and text.isdecimal() else -1


@dataclass(slots=True)
class _Search:
    """One walk over the releases, in the file's order."""

    verdict: Verdict
    installed: str
    datestamp: int | None
    target: int
    patch: str = ""
    candidate: str | None = None

    def goes_on_after(self, release: Release) -> bool:
        """Takes one release in; False once the installed one is reached."""
        is_installed = release.version == self.installed
        if is_installed:
            self._judge_installed(release)
        if release.status == "unpublished" or release.is_insecure or release.is_unsupported:
            return True
        major = _number(release.major)
        if major > self.target:
            self.verdict.also.setdefault(str(major), release.version)
            return True
        if major == self.target:
            self._consider(release)
        if is_installed:
            return False
        if release.is_security and not self._is_older(release):
            self.verdict.security_updates.append(release.version)
        return True

    def _judge_installed(self, release: Release) -> None:
        if release.is_insecure:
            self.verdict.settle(S.NOT_SECURE, "installed_insecure")
        elif release.status == "unpublished":
            self.verdict.settle(S.REVOKED, "installed_revoked", label="Release revoked")
        elif release.is_unsupported:
            self.verdict.settle(S.NOT_SUPPORTED, "installed_unsupported", label="Release not supported")

    def _consider(self, release: Release) -> None:
        verdict = self.verdict
        if verdict.latest_version is None:
            verdict.latest_version = release.version
        if verdict.dev_version is None and release.extra == "dev":
            verdict.dev_version = release.version
        if verdict.recommended is None and release.patch is not None:
            if self.patch != release.patch:
                self.patch, self.candidate = release.patch, release.version
            if not release.extra:
                verdict.recommended = self.candidate

    def _is_older(self, release: Release) -> bool:
        if self.verdict.install_type != "dev":
            return False
        return not self.datestamp or bool(release.seconds and self.datestamp + LEEWAY > release.seconds)
