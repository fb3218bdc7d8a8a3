"""A report that comes after newer ones is put in its place in the past.

What it saw holds from its time until the next report that observed the same module. Intervals in that window are cut out and
laid anew without overlaps, and the steps of history at its two ends are derived again. The present never changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from webapp.fleet.actions.comparison import State, _copy, compared
from webapp.fleet.actions.writing import insert_changes, insert_intervals, known_modules, load_state, note_versions, run, steps_of
from webapp.fleet.values import ChangeSet, InventoryReport, VersionChange

LATER = """
SELECT id, reported_at, speaks, module_ids FROM inventory_reports
WHERE site_id = %(site)s AND reported_at > %(at)s AND outcome <> 'refused' ORDER BY reported_at
"""
TAKEN = "SELECT 1 FROM inventory_reports WHERE site_id = %(site)s AND reported_at = %(at)s AND outcome <> 'refused'"
AROUND = """
SELECT m.name, i.version, i.type, i.project, i.display_name, i.enabled, i.source, i.latest_version, i.recommended_version,
    i.update_available, i.security_update, i.said_at, i.id, i.module_id, i.installed_at, i.valid_from, i.valid_to
FROM installations i JOIN modules m ON m.id = i.module_id
WHERE i.site_id = %(site)s AND i.module_id = %(module)s AND i.valid_from <= %(until)s AND (i.valid_to IS NULL OR i.valid_to >= %(since)s)
ORDER BY i.valid_from
"""
STEPS = "SELECT at, report_id, patch_run_id FROM version_changes WHERE site_id = %(site)s AND module_id = %(module)s AND at BETWEEN %(since)s AND %(until)s"
FORGET = "DELETE FROM version_changes WHERE site_id = %(site)s AND module_id = %(module)s AND at BETWEEN %(since)s AND %(until)s"
CLAIM = """
UPDATE version_changes SET patch_run_id = %(run)s WHERE site_id = %(site)s AND module_id = %(module)s AND at = %(at)s
"""
TICK = timedelta(microseconds=1)


def put_in_place(site: Any, report: InventoryReport, at: datetime, report_id: UUID) -> tuple[ChangeSet, datetime, dict[str, int]]:
    """Writes the report into the past; gives what it changed there, the time it was given, and the ids of its modules."""
    while run(TAKEN, {"site": site.id, "at": at}):
        at += TICK  # equal times are kept in the order in which they came
    then = load_state(site.id, at)
    plan = compared(then, report, at)
    ids = known_modules([module.name for module in report.modules], at)
    for state in plan.added:
        state.module_id = ids[state.name]
    later = run(LATER, {"site": site.id, "at": at})
    wanted: list[tuple[State, State | None]] = [(state, state) for state in plan.added]
    wanted += [(before, after) for before, after in (*plan.moved, *plan.switched)] + [(state, None) for state in plan.removed]
    for known, after in wanted:
        until, observer = _next_observation(known, later, site.last_report_at)
        if until > at:
            _lay(site, known.module_id, after, (at, until), (report_id, observer))
    note_versions([after for _, after in wanted if after is not None], at)
    changes = ChangeSet(str(report_id), len(report.modules), len(plan.added), len(plan.moved), len(plan.removed), is_newest=False)
    changes.unchanged = changes.received - changes.added - changes.updated
    changes.changes = steps_of(plan)
    return changes, at, {**ids, **{state.name: state.module_id for state in then.values()}}


def _next_observation(state: State, later: list[Any], newest: datetime) -> tuple[datetime, UUID | None]:
    """When a later report spoke of this module, and which; the newest report's time where none did."""
    for row in later:
        if state.can_be_ended_by(frozenset(row.speaks)) or (row.module_ids is not None and state.module_id in row.module_ids):
            return row.reported_at, row.id
    return newest, None


def _lay(site: Any, module_id: int, after: State | None, window: tuple[datetime, datetime], reports: tuple[UUID, UUID | None]) -> None:
    """Makes one module say `after` (None: absent) within the window, and derives the steps at its ends again."""
    since, until = window
    values = {"site": site.id, "module": module_id, "since": since, "until": until}
    before = [State(*row) for row in run(AROUND, values)]
    laid = _joined(_cut(before, after, since, until))
    kept = {(state.id, state.valid_from, state.valid_to, state.installed_at) for state in before}
    stale = [state.id for state in before if not any(each.id == state.id for each in laid)]
    run("DELETE FROM installations WHERE id = ANY(%(ids)s)", {"ids": stale})
    shrinking = sorted((each for each in laid if each.id is not None), key=lambda each: each.valid_to is None)
    for state in shrinking:
        if (state.id, state.valid_from, state.valid_to, state.installed_at) not in kept:
            run("UPDATE installations SET valid_from = %(since)s, valid_to = %(until)s, installed_at = %(installed)s WHERE id = %(id)s",
                {"id": state.id, "since": state.valid_from, "until": state.valid_to, "installed": state.installed_at})
    insert_intervals(site.organization_id, site.id, [state for state in laid if state.id is None])
    _derive_steps(site, values, laid, reports)


def _cut(before: list[State], after: State | None, since: datetime, until: datetime) -> list[State]:
    """The intervals with the window cut out of them and `after` laid into it; a row keeps its id in its last remaining part."""
    laid: list[State] = []
    for state in before:
        assert state.valid_from is not None
        overlaps = state.valid_from < until and (state.valid_to is None or state.valid_to > since)
        if not overlaps:
            laid.append(state)
            continue
        goes_on = state.valid_to is None or state.valid_to > until
        if state.valid_from < since:
            laid.append(_copy(state, valid_to=since, id=None if goes_on else state.id))
        if goes_on:
            laid.append(_copy(state, valid_from=until, installed_at=until))
    if after is not None:
        laid.append(_copy(after, id=None, valid_from=since, valid_to=until, installed_at=since))
    return sorted(laid, key=lambda each: each.valid_from or since)


def _joined(laid: list[State]) -> list[State]:
    """The intervals with equal neighbours made one; the id of the later one is kept, as it may be the present."""
    joined: list[State] = []
    for state in laid:
        last = joined[-1] if joined else None
        if last is not None and last.valid_to == state.valid_from and last.version == state.version:
            if last.enabled == state.enabled:
                joined[-1] = _copy(state, id=state.id or last.id, valid_from=last.valid_from, installed_at=last.installed_at)
                continue
            state = _copy(state, installed_at=last.installed_at)  # noqa: PLW2901 (the version came earlier than this interval)
        joined.append(state)
    return joined


def _derive_steps(site: Any, values: dict[str, Any], laid: list[State], reports: tuple[UUID, UUID | None]) -> None:
    """Writes the steps that the intervals show at both ends of the window, keeping what was known of each."""
    since, until = values["since"], values["until"]
    known = {row.at: row for row in run(STEPS, values)}
    run(FORGET, values)
    for at, report_id in ((since, reports[0]), (until, reports[1])):
        old = next((state.version for state in laid if state.valid_to == at), None)
        new = next((state.version for state in laid if state.valid_from == at), None)
        was, came = any(state.valid_to == at for state in laid), any(state.valid_from == at for state in laid)
        if not (was or came) or (was and came and old == new):
            continue
        kind = "updated" if was and came else "added" if came else "removed"
        step = VersionChange(values["module"], "", old, new, kind)
        insert_changes(site.organization_id, site.id, [step], at, "late_report", known[at].report_id if at in known else report_id)
        if at in known and known[at].patch_run_id:
            run(CLAIM, {"site": site.id, "module": values["module"], "at": at, "run": known[at].patch_run_id})
