"""What of a fleet stands open to which advisory, as lists of sites and modules show it.

The findings themselves are kept by the room `exposure`, which is built on this one: of its table only what stands open is read here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from webapp.kit.db import rows

OF_SITE = """
SELECT p.package, a.public_id AS id, a.name, a.severity, e.started_at AS exposed_since, e.enabled
FROM exposures e JOIN advisories a ON a.id = e.advisory_id JOIN advisory_packages p ON p.advisory_id = a.id
WHERE e.site_id = :site AND {when}
ORDER BY array_position(ARRAY['critical', 'high', 'unknown', 'moderate', 'low'], a.severity), a.name
"""
NOW = OF_SITE.format(when="e.ended_at IS NULL")
THEN = OF_SITE.format(when="e.started_at <= :at AND (e.ended_at IS NULL OR e.ended_at > :at)")
NAMED = """EXISTS (SELECT 1 FROM exposures e JOIN advisory_aliases n ON n.advisory_id = e.advisory_id{packages}
    WHERE e.site_id = {site} AND e.ended_at IS NULL AND n.alias = upper(:advisory){matches})"""
SITE_NAMED = NAMED.format(packages="", matches="", site="sites.id")
MODULE_NAMED = NAMED.format(
    packages=" JOIN advisory_packages p ON p.advisory_id = e.advisory_id", site="installations.site_id",
    matches=" AND p.package = coalesce(nullif(installations.project, 'drupal'), modules.name)")


def is_open_to(advisory: str) -> TextClause:
    """Whether a site stands open to the advisory of this name: drupal.org's, OSV's or a CVE."""
    return text(SITE_NAMED).bindparams(advisory=advisory.strip())


def module_is_open_to(advisory: str) -> TextClause:
    """Whether an installation is what a site stands open to that advisory by."""
    return text(MODULE_NAMED).bindparams(advisory=advisory.strip())


def with_advisories(site_id: UUID, installed: Sequence[Any], at: datetime | None) -> list[Any]:
    """Gives each module of a site its `advisories`, the gravest first: what it stands open to now, or stood at a moment."""
    known: dict[str, list[Any]] = defaultdict(list)
    for row in rows(NOW if at is None else THEN, site=site_id, at=at):
        known[row.package].append(row)
    found = []
    for each in installed:
        package = each.name if each.project == "drupal" else each.project or each.name
        found.append(SimpleNamespace(**each._mapping, advisories=known.get(package, [])))
    return found
