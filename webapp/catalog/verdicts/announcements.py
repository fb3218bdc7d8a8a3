"""Whether an item of drupal.org's feed of announcements concerns an installed version, by core's own rule."""

from __future__ import annotations

from collections.abc import Iterable

from webapp.catalog.verdicts.extension_version import UnexpectedVersion, parse


def is_concerned(installed: str | None, insecure: Iterable[str], *, is_psa: bool = False) -> bool:
    """Whether core would show the item to a site with this version of its project.

    An announcement without versions concerns every site that has the project, an advisory the versions that it lists,
    literally. A development version could have any of its branch's holes: it is concerned by an insecure version of the same
    major number, and of the same minor where it names one. Source: core/modules/system/src/SecurityAdvisories,
    SecurityAdvisoriesFetcher::matchesExistingVersion.
    """
    if is_psa:
        return True
    listed = list(insecure)
    if installed is None:
        return False
    try:
        existing = parse(installed)
    except UnexpectedVersion:
        return installed in listed
    if existing.extra != "dev":
        return installed in listed
    return any(_shares_branch(installed, version) for version in listed)


def _shares_branch(development: str, version: str) -> bool:
    existing = parse(development)
    try:
        other = parse(version)
    except UnexpectedVersion:
        return False
    return existing.major == other.major and existing.minor in (None, other.minor)
