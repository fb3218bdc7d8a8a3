"""The statements that read and write exposures, each once for any number of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.exposure.values import Window
from webapp.kit.db import execute, rows
from webapp.kit.ids import new_id

SAID = ("module_id", "version", "fixed_version", "enabled", "assumed", "started_at", "ended_at", "due_at")
COLUMNS = {"id": "uuid", "organization_id": "uuid", "site_id": "uuid", "advisory_id": "bigint", "n": "integer", "module_id": "bigint",
           "version": "text", "fixed_version": "text", "enabled": "boolean", "assumed": "boolean", "started_at": "timestamptz",
           "ended_at": "timestamptz", "due_at": "timestamptz", "installed_at": "timestamptz"}
TABLE = f"unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in COLUMNS.items())}) AS u ({', '.join(COLUMNS)})"
STORED = [name for name in COLUMNS if name != "installed_at"]


def _report(at: str) -> str:
    """The report behind a step of the module at that time: the evidence."""
    return f"""(SELECT c.report_id FROM version_changes c
        WHERE c.site_id = u.site_id AND c.at = u.{at} AND c.module_id = u.module_id LIMIT 1)"""  # noqa: S608 (names from constants)


DECISION = """(SELECT d.id FROM risk_decisions d
    WHERE d.organization_id = u.organization_id AND d.advisory_id = u.advisory_id AND d.ended_at IS NULL AND d.approved_at IS NOT NULL
    AND (d.site_id = u.site_id OR d.site_id IS NULL) ORDER BY d.site_id NULLS LAST LIMIT 1)"""
INSERT = f"""
INSERT INTO exposures ({", ".join(STORED)}, opened_report_id, closed_report_id, decision_id, created_at, updated_at)
SELECT {", ".join(f"u.{name}" for name in STORED)}, {_report("installed_at")}, {_report("ended_at")}, {DECISION}, :at, :at FROM {TABLE}
"""  # noqa: S608
UPDATE = f"""
UPDATE exposures e SET {", ".join(f"{name} = u.{name}" for name in SAID)}, opened_report_id = {_report("installed_at")},
    closed_report_id = {_report("ended_at")}, updated_at = :at
FROM {TABLE} WHERE e.id = u.id
"""  # noqa: S608
PRESENT = f"""
SELECT {", ".join(STORED)}, started_at AS installed_at FROM exposures
WHERE site_id = ANY(CAST(:sites AS uuid[])) AND advisory_id = ANY(CAST(:advisories AS bigint[]))
"""  # noqa: S608
DEADLINES = "SELECT id, settings -> 'sla_days' AS days FROM organizations WHERE id = ANY(CAST(:ids AS uuid[]))"
RECOUNT = """
UPDATE sites s SET exposures_count = coalesce(x.found, 0), exposed_since = x.since
FROM unnest(CAST(:sites AS uuid[])) AS u (id) LEFT JOIN (
    SELECT site_id, count(*) AS found, min(started_at) AS since FROM exposures
    WHERE site_id = ANY(CAST(:sites AS uuid[])) AND ended_at IS NULL AND enabled IS NOT FALSE AND decision_id IS NULL GROUP BY site_id
) x ON x.site_id = u.id
WHERE s.id = u.id AND (s.exposures_count, s.exposed_since) IS DISTINCT FROM (coalesce(x.found, 0), x.since)
"""


@dataclass(slots=True)
class Row:
    """One exposure as it is to stand in the table. `installed_at` is when its first affected version came."""

    id: UUID
    organization_id: UUID
    site_id: UUID
    advisory_id: int
    n: int
    module_id: int
    version: str
    fixed_version: str | None
    enabled: bool | None
    assumed: bool
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None = None
    installed_at: datetime | None = field(default=None, compare=False)

    @classmethod
    def of(cls, window: Window, site_id: UUID, organization_id: UUID, advisory_id: int, n: int) -> Row:
        return cls(new_id(), organization_id, site_id, advisory_id, n, window.module_id, window.version, window.fixed_version,
                   window.enabled, window.assumed, window.started_at, window.ended_at, installed_at=window.installed_at)

    def says_the_same_as(self, other: Row) -> bool:
        return all(getattr(self, name) == getattr(other, name) for name in SAID)


def load_exposures(sites: Sequence[UUID], advisories: Sequence[int]) -> dict[tuple[UUID, int], list[Row]]:
    """What is written of these advisories on these sites, by site and advisory."""
    found: dict[tuple[UUID, int], list[Row]] = defaultdict(list)
    for row in rows(PRESENT, sites=list(sites), advisories=list(advisories)) if sites and advisories else ():
        found[row.site_id, row.advisory_id].append(Row(**row._mapping))
    return found


def write_rows(new: Sequence[Row], changed: Sequence[Row], dropped: Sequence[Row], at: datetime) -> None:
    """Writes the plan: rows that go first, so that their numbers are free."""
    if dropped:
        execute("DELETE FROM exposures WHERE id = ANY(CAST(:ids AS uuid[]))", ids=[row.id for row in dropped])
    if changed:
        execute(UPDATE, at=at, **_columns(changed))
    if new:
        execute(INSERT, at=at, **_columns(new))


def _columns(written: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [getattr(row, name) for row in written] for name in COLUMNS}


def deadlines_of(organizations: Collection[UUID]) -> dict[UUID, Mapping[str, int] | None]:
    """The deadlines in days that these organizations have set, by severity; None for one that has set none."""
    return {row.id: row.days for row in rows(DEADLINES, ids=list(organizations))} if organizations else {}


def recount_sites(sites: Collection[UUID]) -> None:
    """Makes the sites say how many exposures stand open on them, and since when: of code that may run, and that nobody has accepted."""
    if sites:
        execute(RECOUNT, sites=sorted(sites))
