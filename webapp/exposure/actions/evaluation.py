"""An advisory that is new or says something else: every site that has had one of its packages is looked at again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from webapp.accounts.values import DEFAULT_SLA_DAYS, organization_changed
from webapp.catalog.actions.advisories import advisories_changed
from webapp.exposure.actions.deciding import end_decisions
from webapp.exposure.actions.settling import Settled, settle_sites
from webapp.exposure.queries.history import modules_of, reach_of_advisories, sites_holding
from webapp.kit.db import ALL, execute, rows, unit_of_work
from webapp.kit.events import note
from webapp.kit.jobs import ask
from webapp.kit.permissions import SYSTEM, Actor

SITES_AT_ONCE = 1000
"""How many sites are locked at a time: a report waits for as long as these take, a fifth of a second."""
ADVISORIES_AT_ONCE = 200
EXPOSED = "SELECT DISTINCT site_id FROM exposures WHERE advisory_id = ANY(CAST(:ids AS bigint[]))"
LOCK = "SELECT id, organization_id FROM sites WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"
DEADLINES = """
UPDATE exposures e SET due_at = e.started_at + make_interval(days => CAST(coalesce(CAST(:days AS jsonb) ->> d.severity,
    CAST(:defaults AS jsonb) ->> d.severity) AS integer)), updated_at = :at
FROM (SELECT id, CASE severity WHEN 'unknown' THEN 'high' ELSE severity END AS severity FROM advisories) d
WHERE e.organization_id = :organization AND e.ended_at IS NULL AND d.id = e.advisory_id
"""


@advisories_changed.connect
def reach_changed(sender: object, ids: Sequence[int], at: datetime) -> None:
    """Ends the decisions that were about what the advisories said before, and asks a worker to look at the fleet again."""
    end_decisions(SYSTEM, ids, "advisory_changed", at)
    for start in range(0, len(ids), ADVISORIES_AT_ONCE):
        ask("exposure.evaluate", {"advisories": list(ids[start:start + ADVISORIES_AT_ONCE])}, at, queue="default")


def evaluate(ids: Collection[int], at: datetime) -> Settled:
    """Settles every site that these advisories may concern, some at a time, each time in a transaction of its own."""
    with unit_of_work(ALL):
        reaches = reach_of_advisories(ids)
        modules = modules_of({package for reach in reaches for package in reach.packages})
        since = min((reach.published_at for reach in reaches), default=at)
        sites = sorted({*sites_holding(modules, since), *(row.site_id for row in rows(EXPOSED, ids=list(ids)))})
    gone = set(ids) - {reach.id for reach in reaches}
    total = Settled()
    for start in range(0, len(sites), SITES_AT_ONCE):
        with unit_of_work(ALL):
            locked = {row.id: row.organization_id for row in rows(LOCK, ids=sites[start:start + SITES_AT_ONCE])}
            settled = settle_sites(SYSTEM, locked, reaches, at, gone)
            note_publications(settled, at)
            total.opened += settled.opened
            total.closed += settled.closed
            total.sites |= settled.sites
    return total


def note_publications(settled: Settled, at: datetime) -> None:
    """Notes which advisories have reached which organizations."""
    things: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for site_id, organization_id, advisory_id in settled.reached:
        things[organization_id].append({"site": site_id, "advisory": advisory_id})
    for organization_id, its in things.items():
        note("advisory.published", organization_id, its, at)


@organization_changed.connect
def deadlines_changed(sender: Actor, organization: Any, before: dict[str, Any], at: datetime) -> None:
    """Moves the deadlines of clocks that run, where an organization has changed them; those that are over stay as they were."""
    days: dict[str, int] = organization.settings.get("sla_days") or {}
    if days != (before.get("sla_days") or {}):
        execute(DEADLINES, organization=organization.id, days=orjson.dumps(days).decode(),
                defaults=orjson.dumps(dict(DEFAULT_SLA_DAYS)).decode(), at=at)

