"""What happens because time passes: deadlines that come near or are missed, sites that fall silent, tasks that are late.

Nobody writes when a deadline passes, so that it is looked for every minute. A mark for each keeps it from being told twice. Only what
came about lately is looked for: whoever makes a rule today is not told of last year.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from webapp.kit.db import execute
from webapp.notify.actions.noticing import call_for_matching
from webapp.notify.values import Happening

LATELY = timedelta(days=7)
"""How long a moment is looked for: what the scheduler missed for longer is not told any more."""
LISTENING = """
SELECT r.organization_id, min(r.created_at) AS since FROM notification_rules r
WHERE r.deleted_at IS NULL AND r.is_enabled AND :kind = ANY (r.events) GROUP BY r.organization_id
"""
KEEP = """
, fresh AS (
    INSERT INTO notification_marks (kind, subject_id, moment, organization_id)
    SELECT :kind, subject_id, moment, organization_id FROM passed ON CONFLICT DO NOTHING RETURNING subject_id, moment
)
INSERT INTO notification_facts (id, organization_id, kind, at, sites, advisories, refs, labels)
SELECT gen_random_uuid(), p.organization_id, :kind, :at, array_agg(p.site_id), array_agg(p.advisory_id), array_agg(p.ref),
    array_agg(p.label)
FROM passed p JOIN fresh f ON f.subject_id = p.subject_id AND f.moment = p.moment GROUP BY p.organization_id
"""
FINDINGS = """
SELECT e.organization_id, e.id AS subject_id, e.due_at AS moment, e.site_id, e.advisory_id, CAST(NULL AS uuid) AS ref,
    CAST(NULL AS text) AS label
FROM exposures e JOIN listening l ON l.organization_id = e.organization_id JOIN sites s ON s.id = e.site_id
WHERE e.ended_at IS NULL AND e.decision_id IS NULL AND e.enabled IS NOT FALSE AND s.deleted_at IS NULL AND e.due_at > :since
"""
OVERDUE = f"WITH listening AS ({LISTENING}), passed AS ({FINDINGS} AND e.due_at <= :at AND e.due_at > l.since) {KEEP}"
DUE_SOON = f"WITH listening AS ({LISTENING}), passed AS ({FINDINGS} AND e.due_at > :at AND e.due_at <= :until) {KEEP}"
SILENT = f"""
WITH listening AS ({LISTENING}), passed AS (
    SELECT s.organization_id, s.id AS subject_id, s.silent_after AS moment, s.id AS site_id, CAST(NULL AS bigint) AS advisory_id,
        CAST(NULL AS uuid) AS ref, CAST(NULL AS text) AS label
    FROM sites s JOIN listening l ON l.organization_id = s.organization_id
    WHERE s.deleted_at IS NULL AND s.silent_after <= :at AND s.silent_after > :since AND s.silent_after > l.since
) {KEEP}
"""  # noqa: S608 (constants)
# A day has passed when the next one begins (UTC). Tasks of one person alone lie in no organization.
LATE = f"""
WITH listening AS ({LISTENING}), passed AS (
    SELECT t.organization_id, t.id AS subject_id, (t.due_date + 1)::timestamp AT TIME ZONE 'UTC' AS moment, t.site_id,
        CAST(NULL AS bigint) AS advisory_id, t.id AS ref,
        left(concat_ws(', with ', t.title, coalesce(nullif(u.full_name, ''), u.email)), 300) AS label
    FROM tasks t JOIN listening l ON l.organization_id = t.organization_id LEFT JOIN users u ON u.id = t.assignee_id
    WHERE t.deleted_at IS NULL AND t.status IN ('pending', 'in_progress') AND t.due_date < CAST(:today AS date)
        AND t.due_date >= CAST(:first AS date) AND (t.due_date + 1)::timestamp AT TIME ZONE 'UTC' > l.since
        AND NOT EXISTS (SELECT 1 FROM sites s WHERE s.id = t.site_id AND s.deleted_at IS NOT NULL)
) {KEEP}
"""  # noqa: S608 (constants)
FORGET = "DELETE FROM notification_marks WHERE moment < :before AND kind <> :kept"


def notice_what_time_brings(due_soon: timedelta, at: datetime) -> int:
    """Writes down which deadlines have passed or come near, which sites are silent and which tasks late; for how many organizations."""
    since = at - LATELY
    count = execute(OVERDUE, kind=Happening.EXPOSURE_OVERDUE, at=at, since=since)
    count += execute(DUE_SOON, kind=Happening.EXPOSURE_DUE_SOON, at=at, since=since, until=at + due_soon)
    count += execute(SILENT, kind=Happening.SITE_SILENT, at=at, since=since)
    count += execute(LATE, kind=Happening.TASK_LATE, at=at, today=at.date(), first=since.date())
    if count:
        call_for_matching(at)
    return count


def forget_marks(at: datetime) -> int:
    """Forgets marks of moments that are not looked for any more; those of refusals last as long as the row of refusals."""
    return execute(FORGET, before=at - 2 * LATELY, kept=Happening.INVENTORY_REFUSED)
