"""How long a change takes until it runs in production."""

from __future__ import annotations

from typing import Final

from webapp.insights.measures.delivery import Facts, Figure, Number, register
from webapp.insights.values.delivery import ChangeKind, lead_seconds, level_of
from webapp.insights.values.figures import hours, trend
from webapp.kit.clock import stamp

REASONS: Final = {"seed": "It came with the first deployment that is known: nobody knows what was there before.",
                  "left_censored": "The site was already so when it was first heard: nobody knows since when.",
                  "unknown_release": "Nobody knows when this version was released."}


def figure(facts: Facts) -> Figure:
    now, before = facts.arrived(), facts.arrived(facts.window.before)
    median = lead_seconds(now, 0.5)
    found = trend(hours(median), len(now), hours(lead_seconds(before, 0.5)), len(before), more_is_better=False)
    return {"median_hours": hours(median), "p90_hours": hours(lead_seconds(now, 0.9)), "trend": found.word, "trend_detail": found.detail,
            "n": len(now), "change_kind": str(facts.kind), "methods": sorted({each.method for each in now}), "by_kind": by_kind(facts),
            "left_out": left_out(facts), "level": level_of("lead_time_for_changes", median) if facts.is_one else None}


def by_kind(facts: Facts) -> Figure:
    """Each kind of change for itself: commits, releases and security fixes have clocks of their own."""
    found: Figure = {}
    for kind in (ChangeKind.COMMIT, ChangeKind.MODULE_UPDATE, ChangeKind.SECURITY_FIX):
        mine = facts.arrived(kind=kind)
        found[str(kind)] = {"median_hours": hours(lead_seconds(mine, 0.5)), "p90_hours": hours(lead_seconds(mine, 0.9)), "n": len(mine)}
    return found


def left_out(facts: Facts) -> Figure:
    """How many changes of this kind arrived and do not count, by why."""
    counts = dict.fromkeys(REASONS, 0)
    for each in facts.of_kind(facts.kind):
        if each.left_out and facts.window.holds(each.deployed_at):
            counts[each.left_out] += 1
    return counts


def point(facts: Facts) -> Figure:
    mine = facts.arrived()
    return {"changes": len(mine), "lead_time_median_hours": hours(lead_seconds(mine, 0.5))}


def records(facts: Facts) -> Figure:
    mine = [each for each in facts.of_kind(facts.kind) if facts.window.holds(each.deployed_at)]
    return {"counted": [{"change": each.name, "kind": str(each.kind), "began_at": stamp(each.began_at), "hours": hours(each.seconds),
                         "deployed_at": stamp(each.deployed_at), "id": each.deployment_id, "method": each.method}
                        for each in mine if not each.left_out],
            "left_out": [{"change": each.name, "kind": str(each.kind), "id": each.deployment_id, "reason": REASONS[each.left_out]}
                         for each in mine if each.left_out]}


register(Number(
    "lead_time_for_changes", "Lead time for changes",
    "From the beginning of each change to the end of the first successful deployment to production that has it. A commit begins when it is "
    "written, a module update when it is released, a security fix when the advisory is published, and neither of these two before the site "
    "had the module. Median and 90th percentile, interpolated.", figure, point, records))
