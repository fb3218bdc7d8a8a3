"""Writing down what happened, in the transaction of its cause, where any rule asks for it.

One statement for any number of things. The rules are asked later, by a worker; what is written here is what makes that sure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.kit.db import execute, rows
from webapp.kit.events import noted
from webapp.kit.ids import new_id
from webapp.kit.jobs import ask
from webapp.notify.values import Happening

QUEUE = "notifications"
MATCH, DELIVER = "notify.match", "notify.deliver"
KNOWN = frozenset(Happening)
LONGEST_LABEL = 300
LISTENING = """
EXISTS (SELECT 1 FROM notification_rules r WHERE r.organization_id = :organization AND r.deleted_at IS NULL AND r.is_enabled
    AND :kind = ANY (r.events))
"""
WRITE = f"""
INSERT INTO notification_facts (id, organization_id, kind, at, sites, advisories, refs, labels)
SELECT :id, :organization, :kind, :at, CAST(:sites AS uuid[]), CAST(:advisories AS bigint[]), CAST(:refs AS uuid[]),
    CAST(:labels AS text[]) WHERE {LISTENING}
"""
# The first refusal since a report was last taken is told of, and not each of a row.
FIRST_REFUSAL = """
INSERT INTO notification_marks (kind, subject_id, moment, organization_id)
SELECT :kind, id, coalesce(report_received_at, created_at), organization_id FROM sites WHERE id = :site
ON CONFLICT DO NOTHING
"""
ASKED = "SELECT 1 FROM job_outbox WHERE name = :name AND state IN ('waiting', 'queued') LIMIT 1"


@noted.connect
def notice(kind: str, organization_id: UUID, things: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Keeps what happened if a rule of the organization asks for it, and calls a worker to ask the rules."""
    if kind not in KNOWN:
        return
    values = {"id": new_id(), "organization": organization_id, "kind": kind, "at": at,
              "sites": [each.get("site") for each in things], "advisories": [each.get("advisory") for each in things],
              "refs": [each.get("ref") for each in things], "labels": [label_of(each) for each in things]}
    if kind == Happening.INVENTORY_REFUSED and not _is_first_refusal(organization_id, things[0]["site"]):
        return
    if execute(WRITE, **values):
        call_for_matching(at)


def label_of(thing: Mapping[str, Any]) -> str | None:
    label = thing.get("label")
    return " ".join(str(label).split())[:LONGEST_LABEL] if label else None


def call_for_matching(at: datetime) -> None:
    """Asks for the rules to be asked, unless that is waiting to be done; what slips through is found by the scheduler."""
    if not rows(ASKED, name=MATCH):
        ask(MATCH, {}, at, QUEUE)


def _is_first_refusal(organization_id: UUID, site_id: UUID) -> bool:
    listening = rows(f"SELECT 1 WHERE {LISTENING}", organization=organization_id, kind=Happening.INVENTORY_REFUSED)
    return bool(listening and execute(FIRST_REFUSAL, kind=Happening.INVENTORY_REFUSED, site=site_id))
