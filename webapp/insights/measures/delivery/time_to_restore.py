"""How long it takes from a failed deployment until all is well again."""

from __future__ import annotations

from webapp.insights.measures.delivery import Facts, Figure, Number, register
from webapp.insights.values.delivery import level_of
from webapp.insights.values.figures import hours, percentile, trend
from webapp.kit.clock import stamp


def figure(facts: Facts) -> Figure:
    now, before = facts.now, facts.before
    median = now.recovery(0.5)
    found = trend(hours(median), len(now.recoveries), hours(before.recovery(0.5)), len(before.recoveries), more_is_better=False)
    lasted = [seconds for finished_at, seconds in facts.open_seconds if facts.window.holds(finished_at)]
    return {"median_hours": hours(median), "p90_hours": hours(now.recovery(0.9)), "trend": found.word, "trend_detail": found.detail,
            "n": len(now.recoveries), "not_restored": now.failed - len(now.recoveries), "open_incidents": facts.open_incidents,
            "open_since": stamp(facts.open_since),
            "incident_open": {"median_hours": hours(percentile(lasted, 0.5)), "p90_hours": hours(percentile(lasted, 0.9)),
                              "n": len(lasted)},
            "level": level_of("time_to_restore", median) if facts.is_one else None}


def point(facts: Facts) -> Figure:
    return {"time_to_restore_median_hours": hours(facts.now.recovery(0.5))}


def records(facts: Facts) -> Figure:
    failed = [each for each in facts.mine if each.failed]
    return {"counted": [{"id": each.id, "restored_at": stamp(each.restored_at), "hours": hours(each.recovery)}
                        for each in failed if each.restored_at],
            "left_out": [{"id": each.id, "reason": "It has not recovered, or nobody said when."}
                         for each in failed if not each.restored_at]}


register(Number(
    "time_to_restore", "Time to restore",
    "From the end of each failed deployment to the end of the last of its incidents (DORA's failed deployment recovery time). It belongs "
    "to the window and period in which the deployment finished. Median and 90th percentile, interpolated; incidents that are open are "
    "counted beside it.", figure, point, records))
