"""What a message has to tell: the things of its matches with their names, summed up by advisory, by site, or one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from webapp.kit.db import rows

MOST_ITEMS = 100
"""How many things a message lists; more are counted."""
MOST_SITES = 20
"""How many sites are listed for one advisory; more are counted."""
THINGS = """
SELECT DISTINCT ON (m.event, t.site_id, t.advisory_id, t.ref) m.event, m.at, t.site_id, t.advisory_id, t.ref, t.label
FROM notification_matches m, unnest(m.sites, m.advisories, m.refs, m.labels) AS t (site_id, advisory_id, ref, label)
WHERE m.delivery_id = :delivery ORDER BY m.event, t.site_id, t.advisory_id, t.ref, m.at DESC
"""
SITE = "json_build_object('id', s.id, 'name', s.name, 'url', s.url, 'environment', s.environment)"
BY_ADVISORY = f"""
WITH things AS ({THINGS})
SELECT t.event, max(t.at) AS at, a.public_id, a.name, a.title, a.severity, a.link, count(*) AS sites_count, min(e.due_at) AS due_at,
    (array_agg({SITE} ORDER BY lower(s.name), s.id))[1:{MOST_SITES}] AS sites
FROM things t JOIN advisories a ON a.id = t.advisory_id JOIN sites s ON s.id = t.site_id
LEFT JOIN LATERAL (SELECT x.due_at FROM exposures x WHERE x.site_id = t.site_id AND x.advisory_id = t.advisory_id AND x.ended_at IS NULL
    ORDER BY x.n DESC LIMIT 1) e ON true
GROUP BY t.event, a.id
ORDER BY array_position(ARRAY['critical', 'high', 'unknown', 'moderate', 'low'], a.severity), count(*) DESC, a.name LIMIT {MOST_ITEMS}
"""  # noqa: S608 (constants)
ONE_BY_ONE = f"""
WITH things AS ({THINGS})
SELECT t.event, t.at, t.ref, t.label, CASE WHEN s.id IS NOT NULL THEN {SITE} END AS site, s.last_report_at
FROM things t LEFT JOIN sites s ON s.id = t.site_id
WHERE t.advisory_id IS NULL ORDER BY t.event, t.at DESC, lower(s.name), t.ref LIMIT {MOST_ITEMS}
"""  # noqa: S608 (constants)
TOTALS = f"""
WITH things AS ({THINGS})
SELECT event, count(DISTINCT advisory_id) AS advisories, count(DISTINCT site_id) AS sites,
    CASE WHEN count(advisory_id) > 0 THEN count(DISTINCT advisory_id) ELSE count(*) END AS items
FROM things GROUP BY event ORDER BY event
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class Total:
    """How much of one kind happened: `items` is how many lines that is."""

    event: str
    advisories: int
    sites: int
    items: int


def totals_of(delivery_id: UUID) -> list[Total]:
    """How much a message tells of, by kind."""
    return [Total(row.event, row.advisories, row.sites, row.items) for row in rows(TOTALS, delivery=delivery_id)]


def findings_of(delivery_id: UUID) -> list[Any]:
    """What a message tells of sites and advisories together: one row an advisory and kind, the gravest first."""
    return rows(BY_ADVISORY, delivery=delivery_id)


def things_of(delivery_id: UUID) -> list[Any]:
    """Everything else that a message tells of, one by one."""
    return rows(ONE_BY_ONE, delivery=delivery_id)
