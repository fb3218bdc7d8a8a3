"""Asking the rules about what happened, and gathering what they want told into messages.

Set-based: one statement finds what fits, however many rules, sites and advisories there are. What a rule wants told at once of one
kind is one message, and so is a digest: an advisory on five thousand sites is a line in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.kit.db import db, execute, rows
from webapp.notify.models import NotificationDelivery, NotificationMatch
from webapp.notify.values import DIGEST, OF_OPEN, DeliveryState, Happening, Timing, next_digest

FACTS_AT_ONCE = 50
ZONE = "UTC"
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('notification matching', 0))"
TAKE = """
UPDATE notification_facts SET matched_at = :at WHERE id = ANY (ARRAY(
    SELECT id FROM notification_facts WHERE matched_at IS NULL ORDER BY created_at, id LIMIT :most)) RETURNING id
"""
# What is not judged stands before what is judged moderate, as its deadline does (contract §3).
GRAVE = "array_position(ARRAY['critical', 'high', 'unknown', 'moderate', 'low'], {0})"
FITS = f"""
SELECT r.id AS rule_id, r.organization_id, r.channel_id, r.timing, r.hour, r.weekday, f.id AS fact_id, f.kind, f.at,
    coalesce(o.settings ->> 'timezone', '{ZONE}') AS zone,
    array_agg(t.site_id) AS sites, array_agg(t.advisory_id) AS advisories, array_agg(t.ref) AS refs, array_agg(t.label) AS labels
FROM notification_facts f
CROSS JOIN LATERAL unnest(f.sites, f.advisories, f.refs, f.labels) AS t (site_id, advisory_id, ref, label)
JOIN notification_rules r ON r.organization_id = f.organization_id AND f.kind = ANY (r.events) AND r.deleted_at IS NULL
    AND r.is_enabled AND r.created_at <= f.at
JOIN notification_channels c ON c.id = r.channel_id AND c.deleted_at IS NULL AND c.is_enabled
JOIN organizations o ON o.id = f.organization_id AND o.deleted_at IS NULL
LEFT JOIN teams m ON m.id = r.team_id AND m.deleted_at IS NULL
LEFT JOIN sites s ON s.id = t.site_id
LEFT JOIN advisories a ON a.id = t.advisory_id
WHERE f.id = ANY (CAST(:facts AS uuid[]))
    AND (t.site_id IS NULL OR (s.deleted_at IS NULL AND (r.team_id IS NULL OR (s.team_id = r.team_id AND m.id IS NOT NULL))
        AND (cardinality(r.tags) = 0 OR s.tags && r.tags) AND (cardinality(r.environments) = 0 OR s.environment = ANY (r.environments))))
    AND (t.advisory_id IS NULL OR r.severity IS NULL OR {GRAVE.format("a.severity")} <= {GRAVE.format("r.severity")})
    AND (f.kind <> ALL (CAST(:of_open AS text[])) OR EXISTS (SELECT 1 FROM exposures e WHERE e.site_id = t.site_id
        AND e.advisory_id = t.advisory_id AND e.ended_at IS NULL AND e.decision_id IS NULL AND e.enabled IS NOT FALSE))
    AND (f.kind <> :published OR NOT EXISTS (SELECT 1 FROM notification_matches x JOIN notification_deliveries d ON d.id = x.delivery_id
        WHERE x.rule_id = r.id AND x.event = :published AND t.advisory_id = ANY (x.advisories) AND d.state <> 'gathering'))
    AND NOT EXISTS (SELECT 1 FROM notification_matches x WHERE x.rule_id = r.id AND x.fact_id = f.id)
GROUP BY r.id, f.id, o.id ORDER BY f.at, f.id, r.id
"""  # noqa: S608 (constants)
LAST = """
SELECT rule_id, event, max(gathered_at) AS at FROM notification_deliveries
WHERE rule_id = ANY (CAST(:rules AS uuid[])) AND gathered_at > :since GROUP BY rule_id, event
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a message gathers before it goes, and how long after one of a rule and kind the next goes at the earliest."""

    gather: timedelta = timedelta(seconds=15)
    pause: timedelta = timedelta(minutes=5)


def match_facts(pace: Pace, at: datetime) -> int:
    """Asks the rules about some of what waits, and tells how many facts those were; to be called until none is left.

    One at a time, so that two workers never begin two messages where there should be one.
    """
    execute(ALONE)
    taken = [row.id for row in rows(TAKE, at=at, most=FACTS_AT_ONCE)]
    if taken:
        fits = rows(FITS, facts=taken, of_open=list(OF_OPEN), published=Happening.ADVISORY_PUBLISHED)
        _gather(fits, pace, at)
    return len(taken)


def _gather(fits: Sequence[Any], pace: Pace, at: datetime) -> None:
    """Puts what fits into the messages that gather for these rules, and begins those that are missing."""
    if not fits:
        return
    rules = list({row.rule_id for row in fits})
    gathering = {(each.rule_id, each.event): each for each in db.session.scalars(
        select(NotificationDelivery).where(NotificationDelivery.rule_id.in_(rules), NotificationDelivery.state == DeliveryState.GATHERING)
        .with_for_update())}
    last = {(row.rule_id, row.event): row.at for row in rows(LAST, rules=rules, since=at - pace.pause)}
    for row in fits:
        key = (row.rule_id, row.kind if row.timing == Timing.AT_ONCE else DIGEST)
        if key not in gathering:
            gathering[key] = NotificationDelivery(
                organization_id=row.organization_id, channel_id=row.channel_id, rule_id=row.rule_id, event=key[1],
                state=DeliveryState.GATHERING, created_at=at, due_at=_due(row, last.get(key), pace, at))
            db.session.add(gathering[key])
            db.session.flush()
        db.session.add(NotificationMatch(
            rule_id=row.rule_id, fact_id=row.fact_id, organization_id=row.organization_id, delivery_id=gathering[key].id, event=row.kind,
            at=row.at, sites=row.sites, advisories=row.advisories, refs=row.refs, labels=row.labels))
    db.session.flush()


def _due(row: Any, last: datetime | None, pace: Pace, at: datetime) -> datetime:
    if row.timing != Timing.AT_ONCE:
        return next_digest(Timing(row.timing), row.hour, row.weekday, row.zone, at)
    soon = at + pace.gather
    return soon if last is None else max(soon, last + pace.pause)
