"""What exposures follow from: what is affected of which package, and what was installed when; for sites and advisories in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.catalog.verdicts.advisories import Affected
from webapp.exposure.values import Interval
from webapp.kit.db import rows

# Core's own modules carry core's version, and its advisories are about core: its sixty modules are not looked up.
MODULES = """
SELECT name AS package, id, true AS is_main FROM modules WHERE name = ANY(CAST(:packages AS text[]))
UNION ALL SELECT project, module_id, false FROM module_projects WHERE project = ANY(CAST(:packages AS text[])) AND project <> 'drupal'
"""
REACH = """
SELECT a.id, a.name, a.severity, coalesce(a.published_at, a.first_seen_at) AS published_at, p.package, p.version_constraint, p.versions,
    p.of_branch
FROM advisory_packages p JOIN advisories a ON a.id = p.advisory_id
WHERE {which} AND a.withdrawn_at IS NULL AND a.merged_into IS NULL AND a.kind = 'advisory'
ORDER BY a.id
"""
BY_PACKAGE = REACH.format(
    which="a.id IN (SELECT advisory_id FROM advisory_packages WHERE package = ANY(CAST(:packages AS text[])))")
BY_ID = REACH.format(which="a.id = ANY(CAST(:ids AS bigint[]))")
INTERVALS = """
SELECT i.site_id, i.module_id, i.version, i.enabled, i.valid_from, i.valid_to, coalesce(i.project, m.name) AS package
FROM installations i JOIN modules m ON m.id = i.module_id
WHERE i.site_id = ANY(CAST(:sites AS uuid[])) AND i.module_id = ANY(CAST(:modules AS bigint[]))
"""
HOLDERS = """
SELECT DISTINCT i.site_id FROM installations i
WHERE i.module_id = ANY(CAST(:modules AS bigint[])) AND (i.valid_to IS NULL OR i.valid_to > :since)
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """An advisory as far as clocks depend on it: its packages by name, its severity, and when its clock can begin."""

    id: int
    name: str
    severity: str
    published_at: datetime
    packages: dict[str, Affected]


def reach_of_packages(packages: Collection[str]) -> list[Reach]:
    """The advisories about any of these packages, each with all of its packages."""
    return _reaches(rows(BY_PACKAGE, packages=list(packages))) if packages else []


def reach_of_advisories(ids: Collection[int]) -> list[Reach]:
    """These advisories; those that are withdrawn, merged or announcements only have no reach and are left out."""
    return _reaches(rows(BY_ID, ids=list(ids))) if ids else []


def _reaches(found: Sequence[Any]) -> list[Reach]:
    reaches: dict[int, Reach] = {}
    for row in found:
        reach = reaches.setdefault(row.id, Reach(row.id, row.name, row.severity, row.published_at, {}))
        reach.packages[row.package] = Affected(row.package, row.version_constraint, tuple(row.versions), row.of_branch)
    return list(reaches.values())


def modules_of(packages: Collection[str]) -> dict[int, bool]:
    """The modules that can belong to these packages, by id; whether each is named as its package."""
    found: dict[int, bool] = {}
    for row in rows(MODULES, packages=list(packages)) if packages else ():
        found[row.id] = found.get(row.id, False) or row.is_main
    return found


def sites_holding(modules: Collection[int], since: datetime) -> list[UUID]:
    """The sites that have had any of these modules since a time, in the order in which they are to be locked."""
    return sorted(row.site_id for row in rows(HOLDERS, modules=list(modules), since=since)) if modules else []


def intervals_of(sites: Collection[UUID], modules: dict[int, bool]) -> dict[UUID, dict[str, list[Interval]]]:
    """What these sites had of these modules, by site and package. A module that says it is of another project is that project's."""
    found: dict[UUID, dict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    for row in rows(INTERVALS, sites=list(sites), modules=list(modules)) if sites and modules else ():
        found[row.site_id][row.package].append(
            Interval(row.module_id, modules[row.module_id], row.version, row.enabled, row.valid_from, row.valid_to))
    return found
