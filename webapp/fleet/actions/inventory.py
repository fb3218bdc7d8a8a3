"""Recording what a site reports: set-based, one transaction, a handful of statements however many modules.

The same body again costs one comparison of hashes and one row. A report newer than all before it changes the present; an
older one is put in its place in history (late.py) and changes nothing else.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from webapp.audit.actions import record
from webapp.fleet.actions.announcing import tell_of_site
from webapp.fleet.actions.comparison import CLAIMS, Plan, State, compared
from webapp.fleet.actions.judging import judge_plan, numbers_of
from webapp.fleet.actions.late import free_time, put_in_place
from webapp.fleet.actions.sites import silent_after
from webapp.fleet.actions.writing import (
    close,
    insert_changes,
    insert_intervals,
    known_modules,
    load_state,
    note_projects,
    note_versions,
    rejudge,
    rewrite,
    run,
    steps_of,
)
from webapp.fleet.models import Octets
from webapp.fleet.queries.freshness import rests_on_stale_feeds
from webapp.fleet.values import EVERYTHING, ChangeSet, InventoryReport
from webapp.kit.errors import NotFound
from webapp.kit.events import note
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor

TICK = timedelta(microseconds=1)
SAME_BODY = """
UPDATE sites SET last_report_at = CASE WHEN body_dated THEN last_report_at ELSE greatest(last_report_at, %(at)s) END,
    silent_after = CASE WHEN body_dated THEN silent_after
        ELSE greatest(last_report_at, %(at)s) + 2 * make_interval(mins => report_interval_minutes) + interval '30 minutes' END,
    recovered_at = CASE WHEN silent_after < %(at)s AND NOT body_dated THEN %(at)s ELSE recovered_at END
WHERE id = %(site)s AND body_hash = %(hash)s AND deleted_at IS NULL
RETURNING organization_id, last_report_at, report_id, report_received_at, modules_count, updates_count, security_updates_count,
    recovered_at
"""
SAME_REPORT = """
INSERT INTO inventory_reports (id, received_at, organization_id, site_id, reported_at, formats, bytes, outcome, received, speaks,
    module_ids, ip, agent)
SELECT %(id)s, %(at)s, organization_id, site_id, %(reported_at)s, formats, %(bytes)s, 'unchanged', received, speaks, module_ids,
    %(ip)s, %(agent)s
FROM inventory_reports WHERE id = %(report)s AND received_at = %(report_received_at)s
RETURNING received
"""
LOCK = """
SELECT id, organization_id, name, last_report_at, report_interval_minutes, condition, condition_since, core_version, php_version,
    database, install_profile, modules_count, updates_count, security_updates_count, body_hash, body_dated
FROM sites WHERE id = %(site)s AND deleted_at IS NULL FOR UPDATE
"""
NEW_STATE = """
UPDATE sites SET last_report_at = %(reported_at)s, silent_after = %(silent_after)s, core_version = %(core_version)s,
    php_version = %(php_version)s, database = %(database)s, install_profile = %(install_profile)s, modules_count = %(modules_count)s,
    updates_count = %(updates_count)s, security_updates_count = %(security_updates_count)s, unjudged_count = %(unjudged_count)s,
    condition = %(condition)s, condition_since = %(condition_since)s, body_hash = %(body_hash)s, body_dated = %(body_dated)s,
    report_id = %(report_id)s, report_received_at = %(received_at)s,
    recovered_at = CASE WHEN silent_after < %(received_at)s AND %(silent_after)s >= %(received_at)s THEN %(received_at)s
        ELSE recovered_at END
WHERE id = %(site)s
"""
REPORT = """
INSERT INTO inventory_reports (id, received_at, organization_id, site_id, reported_at, formats, bytes, outcome, error, received, added,
    updated, removed, speaks, module_ids, document, ip, agent)
VALUES (%(id)s, %(received_at)s, %(organization)s, %(site)s, %(reported_at)s, %(formats)s, %(bytes)s, %(outcome)s, %(error)s,
    %(received)s, %(added)s, %(updated)s, %(removed)s, %(speaks)s, %(module_ids)s, %(document)s, %(ip)s, %(agent)s)
"""


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a report came: its size, the hash of its body, whether it named its time, and from where."""

    bytes: int
    body_hash: Octets
    dated: bool = False
    ip: str | None = None
    agent: str | None = None


@dataclass(slots=True)
class Recorded:
    """What came of a report: the change set, the site's row as it was, and which versions the report saw."""

    changes: ChangeSet
    site: Any
    reported_at: datetime
    observed: dict[str, str | None]
    security: frozenset[str] = frozenset()
    is_repeat: bool = False


def repeat_report(site_id: UUID, envelope: Envelope, at: datetime) -> ChangeSet | None:
    """Notes that a site sent the same body again; None when it is another one."""
    values = {"site": site_id, "hash": envelope.body_hash, "at": at}
    found = run(SAME_BODY, values)
    if not found:
        return None
    site, report_id = found[0], new_id()
    noted = run(SAME_REPORT, {"id": report_id, "at": at, "reported_at": site.last_report_at, "bytes": envelope.bytes, "ip": envelope.ip,
                              "agent": envelope.agent, "report": site.report_id, "report_received_at": site.report_received_at})
    tell_of_site("inventory.received", site_id, site.organization_id, {"report_id": str(report_id), "outcome": "unchanged"}, at)
    if site.recovered_at == at:
        note("site.recovered", site.organization_id, [{"site": site_id}], at)
    return ChangeSet(str(report_id), received=noted[0].received, unchanged=noted[0].received, updates_available=site.updates_count,
                     security_updates=site.security_updates_count)


def record_inventory(actor: Actor, site_id: UUID, report: InventoryReport, envelope: Envelope, at: datetime,
                     is_awaited: Callable[[], bool] = lambda: False) -> Recorded:
    """Makes the site's present, or for an older report its past, say what the report says. NotFound for a deleted site.

    A body that repeats the last one is read anew only where `is_awaited`: somebody waits for what it shows.
    """
    found = run(LOCK, {"site": site_id})
    if not found:
        raise NotFound()
    site, reported_at = found[0], report.reported_at or at
    same = site.body_hash is not None and bytes(site.body_hash) == envelope.body_hash
    if same and (site.body_dated or not is_awaited()):
        again = repeat_report(site_id, envelope, at)  # a twin came in while this one waited for the lock
        if again is not None:
            return Recorded(again, site, reported_at, {}, is_repeat=True)
    if site.last_report_at is not None and reported_at < site.last_report_at and report.reported_at is not None:
        reported_at = free_time(site, reported_at)
        if reported_at < site.last_report_at:
            return _record_late(actor, site, report, envelope, reported_at, at)
    if site.last_report_at is not None and reported_at <= site.last_report_at:
        reported_at = site.last_report_at + TICK  # equal times are kept in the order in which they came
    present = load_state(site_id)
    plan, report_id = compared(present, report, reported_at), new_id()
    states = _after(present, plan)
    judge_plan(plan, states, at)
    changes = _write(site, plan, reported_at, report_id)
    changes.received, changes.unchanged, changes.packages = len(report.modules), plan.same + _quiet(plan, report), plan.packages
    numbers = numbers_of(states)
    changes.updates_available, changes.security_updates = numbers["updates_count"], numbers["security_updates_count"]
    ids = {state.name: state.module_id for state in states}
    _note_report(site, report, envelope, reported_at, changes, report_id, at, ids)
    _note_state(site, report, envelope, numbers, reported_at, report_id, at)
    if not plan.is_empty:
        _audit(actor, site, changes)
    _tell(site, changes, at, status=numbers["condition"])
    _note_recovery(site, reported_at, at)
    security = frozenset(before.name for before in present.values() if before.needs_security)
    return Recorded(changes, site, reported_at, _observed(report), security)


def note_refusal(site_id: UUID, organization_id: UUID, envelope: Envelope, formats: Sequence[str], reason: str, at: datetime) -> None:
    """Notes that a report was refused, and why; its content is not kept."""
    run(REPORT, {"id": new_id(), "received_at": at, "organization": organization_id, "site": site_id, "reported_at": None,
                 "formats": list(formats), "bytes": envelope.bytes, "outcome": "refused", "error": reason[:1000], "received": 0, "added": 0,
                 "updated": 0, "removed": 0, "speaks": [], "module_ids": None, "document": None, "ip": envelope.ip,
                 "agent": envelope.agent})
    tell_of_site("inventory.refused", site_id, organization_id, {"outcome": "refused"}, at)
    note("inventory_report.refused", organization_id, [{"site": site_id, "label": reason}], at)


def _record_late(actor: Actor, site: Any, report: InventoryReport, envelope: Envelope, reported_at: datetime, at: datetime) -> Recorded:
    report_id = new_id()
    changes, ids = put_in_place(site, report, reported_at, report_id)
    changes.updates_available, changes.security_updates = site.updates_count, site.security_updates_count
    _note_report(site, report, envelope, reported_at, changes, report_id, at, ids)
    if changes.changes:
        _audit(actor, site, changes)
    _tell(site, changes, at)
    return Recorded(changes, site, reported_at, _observed(report))


def _write(site: Any, plan: Plan, at: datetime, report_id: UUID) -> ChangeSet:
    """Writes the plan: intervals closed, opened and rewritten, versions noted, steps listed."""
    changes = ChangeSet(str(report_id), added=len(plan.added), updated=len(plan.moved), removed=len(plan.removed))
    ids = known_modules([state.name for state in plan.added], at)
    for state in plan.added:
        state.module_id, state.installed_at, state.valid_from = ids[state.name], at, at
    for before, after in (*plan.moved, *plan.switched):
        after.valid_from, after.id = at, None
        if before.version != after.version:
            after.installed_at = at
    ended = [*plan.removed, *(before for before, _ in plan.moved), *(before for before, _ in plan.switched)]
    begun = [*plan.added, *(after for _, after in plan.moved), *(after for _, after in plan.switched)]
    close([state.id for state in ended], at)
    insert_intervals(site.organization_id, site.id, begun)
    rewrite([after for _, after in plan.touched])
    rejudge(plan.rejudged)
    note_versions([*plan.added, *(after for _, after in plan.moved)], at)
    note_projects([*plan.added, *(after for _, after in (*plan.moved, *plan.touched))])
    changes.changes = steps_of(plan)
    insert_changes(site.organization_id, site.id, changes.changes, at, "report", report_id)
    return changes


def _after(present: dict[str, State], plan: Plan) -> list[State]:
    states = dict(present)
    for before, after in (*plan.moved, *plan.switched, *plan.touched):
        states[before.name] = after
    for state in plan.removed:
        del states[state.name]
    return [*states.values(), *plan.added]


def _quiet(plan: Plan, report: InventoryReport) -> int:
    """Modules whose version did not change, though something else about them did."""
    listed = {module.name for module in report.modules}
    return sum(before.name in listed for before, _ in (*plan.switched, *plan.touched))


def _note_report(site: Any, report: InventoryReport, envelope: Envelope, reported_at: datetime, changes: ChangeSet, report_id: UUID,
                 at: datetime, ids: dict[str, int]) -> None:
    names = {module.name for module in report.modules}
    whole = report.speaks == EVERYTHING and "drupal" in names  # core is not gone where it is not listed, just not seen
    module_ids = None if whole else [ids[name] for name in names if name in ids]
    run(REPORT, {"id": report_id, "received_at": at, "organization": site.organization_id, "site": site.id, "reported_at": reported_at,
                 "formats": list(report.formats), "bytes": envelope.bytes, "outcome": "accepted", "error": None,
                 "received": len(report.modules), "added": changes.added, "updated": changes.updated, "removed": changes.removed,
                 "speaks": sorted(report.speaks), "module_ids": module_ids, "document": packed(report), "ip": envelope.ip,
                 "agent": envelope.agent})


def packed(report: InventoryReport) -> bytes:
    """What was read from the report, as compressed JSON: allow-listed by its format, so that no secret is in it."""
    rows: Iterable[Any] = ([module.name, module.version, module.type, module.enabled,
                            *(getattr(module.claim, name) for name in CLAIMS)] if module.claim else
                           [module.name, module.version, module.type, module.enabled] for module in report.modules)
    waiting = {"database_updates": report.database_updates} if report.database_updates else {}
    return zlib.compress(orjson.dumps({"modules": list(rows), "core": report.core_version, "php": report.php_version,
                                       "database": report.database, **waiting}), 1)


def _note_state(site: Any, report: InventoryReport, envelope: Envelope, numbers: dict[str, Any], reported_at: datetime, report_id: UUID,
                at: datetime) -> None:
    same = numbers["condition"] == site.condition and site.condition_since is not None
    run(NEW_STATE, {"site": site.id, "reported_at": reported_at, "silent_after": silent_after(reported_at, site.report_interval_minutes),
                    "core_version": report.core_version or site.core_version, "php_version": report.php_version or site.php_version,
                    "database": report.database or site.database, "install_profile": report.install_profile or site.install_profile,
                    "condition_since": site.condition_since if same else reported_at, "body_hash": envelope.body_hash,
                    "body_dated": envelope.dated, "report_id": report_id, "received_at": at, **numbers})


def _observed(report: InventoryReport) -> dict[str, str | None]:
    return {module.name: module.version for module in report.modules}


def _audit(actor: Actor, site: Any, changes: ChangeSet) -> None:
    counts = {name: [None, getattr(changes, name)] for name in ("added", "updated", "removed") if getattr(changes, name)}
    record(actor, "inventory.recorded", "Site", organization_id=site.organization_id, resource_id=site.id,
           changes={"report_id": [None, changes.report_id], **counts})


def _tell(site: Any, changes: ChangeSet, at: datetime, status: str | None = None) -> None:
    """Announces the report, and the site's new status where the report has changed it."""
    counts = {name: getattr(changes, name) for name in ("added", "updated", "removed", "updates_available", "security_updates")}
    tell_of_site("inventory.received", site.id, site.organization_id, {"report_id": changes.report_id, "outcome": "accepted", **counts}, at)
    heard_until = silent_after(site.last_report_at, site.report_interval_minutes)
    before = "unknown" if heard_until is None else "silent" if heard_until < at else site.condition
    if "ok" in (status, before) and rests_on_stale_feeds(site.id, at):
        status, before = ("unknown" if each == "ok" else each for each in (status, before))
    if status is not None and status != before:
        tell_of_site("site.status_changed", site.id, site.organization_id, {"status": [before, status]}, at)


def _note_recovery(site: Any, reported_at: datetime, at: datetime) -> None:
    """Notes that a site is heard again which had been silent until now."""
    before, after = (silent_after(each, site.report_interval_minutes) for each in (site.last_report_at, reported_at))
    if before is not None and after is not None and before < at <= after:
        note("site.recovered", site.organization_id, [{"site": site.id}], at)
