"""Which versions of Drupal core a release can be installed on. Source: core/modules/update/src/ProjectCoreCompatibility.php."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from webapp.catalog.values.releases import ReleaseFeed
from webapp.catalog.verdicts.extension_version import UnexpectedVersion, parse
from webapp.catalog.versions import BadConstraint, BadVersion, compare, satisfies, sort_key


def is_compatible(core_version: str | None, constraint: str | None) -> bool | None:
    """Whether a release with this `core_compatibility` runs on that core; None where either is not known.

    What is no constraint allows nothing, as core has it.
    """
    if not core_version or not constraint:
        return None
    try:
        return satisfies(core_version, constraint)
    except (BadConstraint, BadVersion):
        return False


def possible_core_versions(core_version: str, feed: ReleaseFeed) -> list[str]:
    """The stable releases of core, from the installed one on, that its supported branches have; lowest first.

    None where the installed one is not in core's feed: then nothing can be said.
    """
    if core_version not in feed.releases:
        return []
    branches = tuple(feed.supported_branches or ())
    return sorted((each for each in feed.releases if _is_candidate(each, core_version, branches)), key=sort_key)


def _is_candidate(version: str, installed: str, branches: tuple[str, ...]) -> bool:
    try:
        stable = not parse(version).extra
        return stable and bool(branches) and version.startswith(branches) and compare(version, installed) >= 0
    except (UnexpectedVersion, BadVersion):
        return False


def requirement(constraint: str, candidates: Sequence[str]) -> str | None:
    """`Requires Drupal core: 8.0.0 to 8.1.1, 8.3.0`: the runs of candidates that satisfy it; None where none does."""
    ranges = ["" .join((low, f" to {high}" if high != low else "")) for low, high in _runs(constraint, candidates)]
    return f"Requires Drupal core: {', '.join(ranges)}" if ranges else None


def _runs(constraint: str, candidates: Sequence[str]) -> Iterator[tuple[str, str]]:
    for fits, run in groupby(candidates, key=lambda each: is_compatible(each, constraint)):
        if fits:
            versions = list(run)
            yield versions[0], versions[-1]
