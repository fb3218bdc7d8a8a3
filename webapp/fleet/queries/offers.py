"""What a site could update a module to, and whether its core is new enough for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from webapp.catalog.verdicts.core_compatibility import is_compatible
from webapp.kit.db import rows

NEEDS_CORE = """
SELECT r.feed_id, r.version, r.core_compatibility FROM project_releases r
JOIN unnest(CAST(:feeds AS bigint[]), CAST(:versions AS text[])) AS u (feed_id, version) ON u.feed_id = r.feed_id AND u.version = r.version
"""


def with_offers(installed: Sequence[Any], core_version: str | None) -> list[Any]:
    """Gives each module its `offers`: the recommended release, each security release that is newer, and the newest of later majors.

    Each has `version`, `is_security`, `needs_core` (Composer's terms; null where the release names none, as core's own do not)
    and `fits_core`: false where the site's core is too old or too new for it, null where that cannot be told.
    """
    wanted = {(each.feed_id, version) for each in installed for version in _versions(each)}
    needs = {(row.feed_id, row.version): row.core_compatibility for row in rows(
        NEEDS_CORE, feeds=[feed for feed, _ in wanted], versions=[version for _, version in wanted])} if wanted else {}
    for each in installed:
        security = set(each.security_updates or ())
        each.offers = [
            {"version": version, "is_security": version in security, "needs_core": needs.get((each.feed_id, version)),
             "fits_core": is_compatible(core_version, needs.get((each.feed_id, version)))} for version in _versions(each)]
        each.blocked = any(offer["fits_core"] is False for offer in each.offers)
    return list(installed)


def _versions(installed: Any) -> list[str]:
    """The releases that are offered, each once: recommended, security, then those of newer majors; none to what needs none."""
    if installed.feed_id is None or not installed.update_available:
        return []
    named = [installed.recommended_version, *(installed.security_updates or ()), *(installed.also or {}).values()]
    return list(dict.fromkeys(version for version in named if version and version != installed.version))
