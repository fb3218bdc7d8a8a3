"""A report that comes after newer ones is put in its place in the past.

What it saw holds from its time until something newer was seen of the same module: a later report that observed it, or any
change of it. Within that window its intervals are cut out and laid anew without overlaps, and the steps of history at the two
ends are derived again. The present never changes. The statements are as few for many modules as for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from webapp.fleet.actions.comparison import Plan, State, _copy, compared, spelled_otherwise
from webapp.fleet.actions.writing import (
    insert_changes,
    insert_intervals,
    known_modules,
    load_intervals,
    load_state,
    move_intervals,
    note_projects,
    note_versions,
    run,
    steps_of,
)
from webapp.fleet.values import ChangeSet, InventoryReport, VersionChange

LATER = """
SELECT id, reported_at, speaks, module_ids FROM inventory_reports
WHERE site_id = %(site)s AND reported_at > %(at)s AND outcome <> 'refused' ORDER BY reported_at
"""
TAKEN = "SELECT 1 FROM inventory_reports WHERE site_id = %(site)s AND reported_at = %(at)s AND outcome <> 'refused'"
# `at` is compared with constants too, so that only the partitions of those months are opened.
AT_ENDS = """
unnest(%(modules)s::bigint[], %(untils)s::timestamptz[], %(runs)s::uuid[]) AS w (module_id, until, run)
WHERE c.site_id = %(site)s AND c.at BETWEEN %(first)s AND %(last)s AND c.module_id = w.module_id AND c.at = w.until
"""
STEPS = f"SELECT c.module_id, c.at, c.report_id, c.patch_run_id FROM version_changes c, {AT_ENDS}"  # noqa: S608
FORGET = f"DELETE FROM version_changes c USING {AT_ENDS}"  # noqa: S608
CLAIM = f"UPDATE version_changes c SET patch_run_id = w.run FROM {AT_ENDS}"  # noqa: S608
TICK = timedelta(microseconds=1)


@dataclass(slots=True)
class Window:
    """One module, and until when the report holds for it. `after` is what it says (None: absent), `observer` the report that
    ended it; `before` and `laid` are the module's intervals from the report's time on, as they were and as they are to be.
    """

    known: State
    after: State | None
    until: datetime
    observer: UUID | None
    before: list[State]
    laid: list[State]

    @property
    def module_id(self) -> int:
        return self.known.module_id

    def step_at(self, at: datetime) -> VersionChange | None:
        """The step that the intervals show at a moment."""
        old = next((state for state in self.laid if state.valid_to == at), None)
        new = next((state for state in self.laid if state.valid_from == at), None)
        if (old is None and new is None) or (old and new and _is_same(old.version, new.version)):
            return None
        kind = "updated" if old and new else "added" if new else "removed"
        return VersionChange(self.module_id, self.known.name, old.version if old else None, new.version if new else None, kind)


def free_time(site: Any, at: datetime) -> datetime:
    """The report's time, a little later where another report has it: equal times are kept in the order in which they came."""
    while run(TAKEN, {"site": site.id, "at": at}):
        at += TICK
    return at


def put_in_place(site: Any, report: InventoryReport, at: datetime, report_id: UUID) -> tuple[ChangeSet, dict[str, int]]:
    """Writes the report into the past; gives what it changed there, and the ids of the modules it could have spoken of."""
    then = load_state(site.id, at)
    plan = compared(then, report, at)
    ids = known_modules([module.name for module in report.modules], at)
    for state in plan.added:
        state.module_id = ids[state.name]
    windows = _windows(site, plan, at)
    _lay(site, windows)
    _tell(site, windows, at, report_id)
    note_projects([window.after for window in windows if window.after is not None])
    note_versions([window.after for window in windows if window.after is not None], at)
    changes = ChangeSet(str(report_id), len(report.modules), len(plan.added), len(plan.moved), len(plan.removed), is_newest=False)
    changes.unchanged = changes.received - changes.added - changes.updated
    changes.changes, changes.packages = steps_of(plan), plan.packages
    return changes, {**ids, **{state.name: state.module_id for state in then.values()}}


def _windows(site: Any, plan: Plan, at: datetime) -> list[Window]:
    wanted: list[tuple[State, State | None]] = [(state, state) for state in plan.added]
    wanted += [(before, after) for before, after in (*plan.moved, *plan.switched)] + [(state, None) for state in plan.removed]
    later = run(LATER, {"site": site.id, "at": at}) if wanted else []
    intervals: dict[int, list[State]] = defaultdict(list)
    for state in load_intervals(site.id, [known.module_id for known, _ in wanted], at):
        intervals[state.module_id].append(state)
    windows = []
    for known, after in wanted:
        before = intervals[known.module_id]
        until, observer = _next_observation(known, before, later, (at, site.last_report_at))
        windows.append(Window(known, after, until, observer, before, _joined(_cut(before, after, at, until))))
    return windows


def _next_observation(known: State, before: list[State], later: list[Any], between: tuple[datetime, datetime],
                      ) -> tuple[datetime, UUID | None]:
    """When something newer was seen of the module, and by which report; the newest report's time where nothing was.

    A report without a list of ids speaks of everything. A change is an observation too, whatever the reports say: some
    speak of a module without listing it.
    """
    at, newest = between
    change = min((moment for state in before for moment in (state.valid_from, state.valid_to) if moment and moment > at), default=newest)
    for row in later:
        if row.reported_at > change:
            break
        if row.module_ids is None or known.module_id in row.module_ids or known.can_be_ended_by(frozenset(row.speaks)):
            return row.reported_at, row.id
    return change, None


def _cut(before: list[State], after: State | None, since: datetime, until: datetime) -> list[State]:
    """The intervals with the window cut out of them and `after` laid into it; a row keeps its id in its last remaining part."""
    laid: list[State] = []
    for state in before:
        assert state.valid_from is not None
        if state.valid_from >= until or (state.valid_to is not None and state.valid_to <= since):
            laid.append(state)
            continue
        goes_on = state.valid_to is None or state.valid_to > until
        if state.valid_from < since:
            laid.append(_copy(state, valid_to=since, id=None if goes_on else state.id))
        if goes_on:
            laid.append(_copy(state, valid_from=until))
    if after is not None:
        laid.append(_copy(after, id=None, valid_from=since, valid_to=until))
    return sorted(laid, key=lambda each: each.valid_from or since)


def _joined(laid: list[State]) -> list[State]:
    """The intervals with equal neighbours made one, and the time at which each version came.

    The id of the later one is kept, as it may be the present. The first interval begins before the window and keeps its time.
    """
    joined: list[State] = []
    for state in laid:
        last = joined[-1] if joined else None
        goes_on = last is not None and last.valid_to == state.valid_from and _is_same(last.version, state.version)
        if last is not None and goes_on and last.enabled == state.enabled:
            joined[-1] = _copy(state, id=state.id or last.id, valid_from=last.valid_from, installed_at=last.installed_at)
        elif last is not None:
            joined.append(_copy(state, installed_at=last.installed_at if goes_on else state.valid_from))
        else:
            joined.append(state if state.id is not None else _copy(state, installed_at=state.installed_at or state.valid_from))
    return joined


def _is_same(one: str | None, other: str | None) -> bool:
    return one == other or spelled_otherwise(one, other)


def _lay(site: Any, windows: Iterable[Window]) -> None:
    """Writes the intervals: rows that no longer stand go, then rows shrink, then they grow, so that none ever overlap."""
    shrunk, grown, new, gone = [], [], [], []
    for window in windows:
        rows = {state.id: state for state in window.before}
        gone += [key for key in rows if all(state.id != key for state in window.laid)]
        new += [state for state in window.laid if state.id is None]
        for state in window.laid:
            row = rows.get(state.id) if state.id is not None else None
            if row is not None and _ends(row) != _ends(state):
                inner = _copy(state, valid_from=max(row.valid_from, state.valid_from),  # type: ignore[type-var]
                              valid_to=min((end for end in (row.valid_to, state.valid_to) if end), default=None))
                shrunk += [inner] if _ends(inner) != _ends(row) else []
                grown += [state] if _ends(inner) != _ends(state) else []
    if gone:
        run("DELETE FROM installations WHERE id = ANY(%(ids)s)", {"ids": gone})
    move_intervals(shrunk)
    move_intervals(grown)
    insert_intervals(site.organization_id, site.id, new)


def _ends(state: State) -> tuple[Any, ...]:
    return state.valid_from, state.valid_to, state.installed_at


def _tell(site: Any, windows: list[Window], at: datetime, report_id: UUID) -> None:
    """Writes the steps at both ends of the windows, keeping which report and which patch run a later one belongs to."""
    if not windows:
        return
    untils = [window.until for window in windows]
    values: dict[str, Any] = {"site": site.id, "modules": [window.module_id for window in windows], "untils": untils,
                              "runs": [None] * len(windows), "first": min(untils), "last": max(untils)}
    known = {(row.module_id, row.at): row for row in run(STEPS, values)}
    run(FORGET, values)
    told: dict[tuple[datetime, UUID | None], list[VersionChange]] = defaultdict(list)
    claimed = []
    for window in windows:
        step, row = window.step_at(at), known.get((window.module_id, window.until))
        if step:
            told[at, report_id].append(step)
        step = window.step_at(window.until)
        if step:
            told[window.until, row.report_id if row else window.observer].append(step)
            claimed += [row] if row and row.patch_run_id else []
    for (moment, its_report), steps in told.items():
        insert_changes(site.organization_id, site.id, steps, moment, "late_report", its_report)
    if claimed:
        run(CLAIM, {**values, "modules": [row.module_id for row in claimed], "untils": [row.at for row in claimed],
                    "runs": [row.patch_run_id for row in claimed]})
