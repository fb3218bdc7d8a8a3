"""How long a minor version of Drupal core gets security updates: two minors after it, or until a date that core's code names.

Source: core/modules/update/src/ProjectSecurityData.php and ProjectSecurityRequirement.php. Core knows the dates of its own branch
only; here are those of all branches that have had one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from webapp.catalog.values.releases import ReleaseFeed
from webapp.catalog.verdicts.extension_version import ExtensionVersion, UnexpectedVersion, parse
from webapp.catalog.verdicts.update_status import is_whole

MINORS_COVERED = 2
END_DATES: dict[str, tuple[str, str]] = {
    "8.8": ("2020-12-02", "2020-06-02"),
    "8.9": ("2021-11", "2021-05-02"),
    "9.4": ("2023-06-21", "2022-12-14"),
    "9.5": ("2023-11", "2023-05-14"),
    "10.5": ("2026-06-17", "2025-12-10"),
    "10.6": ("2026-12-09", "2026-06-17"),
}
"""Of a branch: the day or month from which it is not covered, and the day from which core warns."""
SEVEN_ENDED = "2025-01-05"
CYCLE = "Visit the release cycle overview for more information on supported releases."
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ENDED = "Coverage has ended Update to a supported minor as soon as possible to continue receiving security updates."


class Coverage(StrEnum):
    SUPPORTED = "supported"
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Support:
    """How a core version is covered. `until` is a day, a month, or the version whose release ends it; all None where core says nothing.

    Core says nothing of pre-releases, development versions and what is not in the feed.
    """

    state: Coverage | None = None
    until: str | None = None
    message: str | None = None


def support_of(core_version: str, feed: ReleaseFeed | None, today: date) -> Support:
    """How the core version is covered on that day, by the feed of Drupal core."""
    try:
        version = parse(core_version)
    except UnexpectedVersion:
        return Support()
    if feed is None or core_version not in feed.releases:
        return Support()
    branch = branch_of(core_version)
    if branch in END_DATES:
        return by_date(*END_DATES[branch], today)
    if version.extra or version.minor is None:
        return Support()
    major, minor = int(version.major), int(version.minor)
    return _by_version(major, minor, _newest_minor(feed, version))


def branch_of(core_version: str) -> str:
    """The branch of a core version: 11.3 of 11.3.2, 7 of 7.103."""
    parts = core_version.split(".")
    return ".".join(parts[:2]) if len(parts) > 2 else parts[0]


def support_of_branch(branch: str, feed: ReleaseFeed | None, today: date) -> Support:
    """How a whole branch (11.3, or 7) is covered on that day, whichever of its versions is installed.

    Without a feed only the branches that have a date can be told; Drupal 7 has had its end.
    """
    if branch == "7":
        return by_date(SEVEN_ENDED, "2024-01-05", today)
    if branch in END_DATES:
        return by_date(*END_DATES[branch], today)
    try:
        version = parse(f"{branch}.0")
    except UnexpectedVersion:
        return Support()
    if feed is None or not feed.releases or version.minor is None:
        return Support()
    newest = _newest_minor(feed, version)
    if newest is not None:
        return _by_version(int(version.major), int(version.minor), newest)
    majors = [int(each.split(".")[0]) for each in feed.supported_branches or () if each.split(".")[0].isdecimal()]
    return Support(Coverage.ENDED, None, f"{ENDED} {CYCLE}") if majors and version.major < min(majors) else Support()


def by_date(end: str, warn: str, today: date) -> Support:
    """How a branch with a date is covered on that day; an end that names a month has come when the month has."""
    until = f"Covered until {_shown(end)}"
    if end <= today.isoformat()[:len(end)]:
        return Support(Coverage.ENDED, end, f"{ENDED} {CYCLE}")
    if warn <= today.isoformat():
        return Support(Coverage.ENDING, end, f"{until} Update to a supported version soon to continue receiving security updates. {CYCLE}")
    return Support(Coverage.SUPPORTED, end, f"{until} {CYCLE}")


def _by_version(major: int, minor: int, newest: int | None) -> Support:
    """How a branch without a date is covered: until the second minor version after it is out."""
    end = f"{major}.{minor + MINORS_COVERED}.0"
    remaining = 0 if newest is None else minor + MINORS_COVERED - newest
    if remaining <= 0:
        return Support(Coverage.ENDED, end, f"{ENDED} {CYCLE}")
    if remaining == 1:
        soon = f"Update to {major}.{minor + 1} or higher soon to continue receiving security updates."
        return Support(Coverage.ENDING, end, f"Covered until {end} {soon} {CYCLE}")
    return Support(Coverage.SUPPORTED, end, f"Covered until {end} {CYCLE}")


def _newest_minor(feed: ReleaseFeed, installed: ExtensionVersion) -> int | None:
    """The minor version of the first published full release of the same major, which is the newest; None without any."""
    for release in feed.releases.values():
        if not (is_whole(release) and release.is_published):
            continue
        try:
            version = parse(release.version)
        except UnexpectedVersion:
            continue
        if version.major == installed.major and not version.extra:
            return int(version.minor or 0)
    return None


def _shown(end: str) -> str:
    year, month, *day = end.split("-")
    return "-".join((year, MONTHS[int(month) - 1], *day))
