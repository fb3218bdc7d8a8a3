"""What each module needs, by core's verdict where there is one and by the site's own word elsewhere; and what follows for the site.

One module of a project stands for all of it: the one of its name, else the first. Counting the forty modules of Drupal core
would make forty updates of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from webapp.catalog.actions.judging import Pair, Standing, standings
from webapp.catalog.verdicts import is_development
from webapp.fleet.actions.comparison import Plan, State

JUDGED = ("verdict_id", "status", "newest", "advised", "needs_update", "needs_security")
UNSUPPORTED = frozenset({"not_supported", "revoked"})
OPEN = frozenset({"not_fetched", "not_checked", "unknown"})
"""What core says where it cannot tell. A module with another status and no advice is one whose project another stands for."""


def judge_plan(plan: Plan, states: list[State], at: datetime) -> None:
    """Judges what a plan changes, in one statement where all versions are known. `states` are the site's after the plan.

    Where a project got or lost a module, another one may stand for it now: those are judged too, and rewritten where that
    makes them other than before.
    """
    touched = [after for _, after in plan.touched]
    fresh = [*plan.added, *(after for _, after in plan.moved), *(after for _, after in plan.switched), *touched]
    if not (fresh or plan.removed):
        return
    projects = {_project(state) for state in (*plan.added, *plan.removed)}
    projects |= {_project(state) for pair in plan.touched if pair[0].project != pair[1].project for state in pair}
    projects |= {_project(after) for before, after in (*plan.moved, *plan.touched) if before.datestamp != after.datestamp}
    known = {id(state) for state in fresh}
    others = [state for state in states if id(state) not in known and state.project is not None and _project(state) in projects]
    before = [facts_of(state) for state in others]
    judge([*fresh, *others], leaders(states), datestamps(states), at)
    plan.rejudged = [state for state, facts in zip(others, before, strict=True) if facts_of(state) != facts]


def facts_of(state: State) -> tuple[Any, ...]:
    """All that judging works out of a module."""
    return tuple(getattr(state, name) for name in JUDGED)


def judge(states: Sequence[State], leading: frozenset[str], stamps: Mapping[str, int], at: datetime) -> None:
    """Gives each of these modules its verdict, and what it needs."""
    pairs = {state.name: pair for state in states if (pair := _pair(state, stamps)) is not None}
    found = standings(set(pairs.values()), at)
    for state in states:
        pair = pairs.get(state.name)
        settle(state, found.get(pair) if pair else None, leads=state.name in leading)


def settle(state: State, standing: Standing | None, *, leads: bool) -> None:
    """Works out what a module needs, from core's verdict and what the site says.

    A verdict outweighs the site's word, but for one thing: where the site says that a security update waits, it does.
    """
    state.verdict_id = standing.id if standing else None
    state.status = None if standing is None or standing.is_foreign else standing.status.name.lower()
    state.newest, state.advised = state.latest_version, state.recommended_version
    state.needs_update, state.needs_security = state.update_available, state.security_update
    if standing is None or standing.is_foreign or standing.status < 0:
        return
    state.newest, state.advised = standing.latest_version, standing.recommended
    state.needs_security = (standing.security_update or state.security_update is True) if leads else None
    state.needs_update = bool(standing.update_available) if leads else None


def leaders(states: Iterable[State]) -> frozenset[str]:
    """The modules that stand for their projects; what has no project stands for itself."""
    first: dict[str, str] = {}
    for state in states:
        project = _project(state)
        known = first.get(project)
        if known is None or state.name == project or (known != project and state.name < known):
            first[project] = state.name
    return frozenset(first.values())


def _project(state: State) -> str:
    return state.project or ("drupal" if state.type == "core" else f"\0{state.name}")


def datestamps(states: Iterable[State]) -> dict[str, int]:
    """When the development versions of projects were made: the latest of a project's modules, as core has it (ProjectInfo)."""
    found: dict[str, int] = {}
    for state in states:
        if state.datestamp is not None:
            project = _project(state)
            found[project] = max(found.get(project, 0), state.datestamp)
    return found


def _pair(state: State, stamps: Mapping[str, int]) -> Pair | None:
    """What core would judge a module by; None for libraries, and for what is of no project."""
    if state.type == "library" or (state.project is None and state.type != "core"):
        return None
    project = _project(state)
    return project, state.version or "", stamps.get(project, 0) if stamps and is_development(state.version) else 0


def numbers_of(states: list[State]) -> dict[str, Any]:
    """A site's counts and condition. Switched-off code is counted as a module, not as an update; what nobody judged is never OK."""
    active = [state for state in states if state.enabled is not False]
    counts = {
        "security": sum(state.needs_security is True for state in active),
        "updates": sum(state.needs_update is True or state.needs_security is True for state in active),
        "judged": sum(state.needs_update is not None or state.needs_security is not None for state in active),
        "unjudged": sum(_is_unjudged(state) for state in active),
        "unsupported": sum(state.status in UNSUPPORTED for state in active),
    }
    return {"modules_count": len(states), "updates_count": counts["updates"], "security_updates_count": counts["security"],
            "unjudged_count": counts["unjudged"], "condition": condition_of(counts)}


def condition_of(counts: Mapping[str, int]) -> str:
    """A site's condition by how many of its modules are of each kind: the worst decides, and what nobody judged is never OK."""
    if counts["security"]:
        return "vulnerable"
    if counts["unsupported"]:
        return "unsupported"
    if counts["updates"]:
        return "outdated"
    return "ok" if counts["judged"] and not counts["unjudged"] else "unknown"


def _is_unjudged(state: State) -> bool:
    """Whether a module should be judged, and is not: of what is on drupal.org, neither its feed nor the site says how it stands."""
    if state.needs_update is not None or (state.project is None and state.type != "core"):
        return False
    if state.status is None:
        return state.verdict_id is None  # a verdict without a status: drupal.org does not have this project
    return state.status in OPEN


