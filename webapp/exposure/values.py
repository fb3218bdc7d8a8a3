"""When a site was exposed: from what was installed on it, and from what is affected. Pure, so that the order of events is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from blinker import Signal

from webapp.accounts.values import DEFAULT_SLA_DAYS
from webapp.catalog.verdicts.advisories import Affected

exposures_settled = Signal()
"""Sent with `found` (site, organization, advisory) and `at` inside the transaction that has changed these findings, or what was decided."""


class State(StrEnum):
    """How a finding stands. Accepted and false positive are decisions of people, with a reason and an end."""

    OPEN = "open"
    FIXED = "fixed"
    ACCEPTED = "accepted"
    FALSE_POSITIVE = "false_positive"


@dataclass(frozen=True, slots=True)
class Interval:
    """One module of a package in one version on a site, from `since` until `until` (None: still).

    `is_assumed` where the site named a version that nobody can read, or none, and the one before is taken to be there still.
    """

    module_id: int
    is_main: bool
    version: str | None
    enabled: bool | None
    since: datetime
    until: datetime | None
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A time during which an affected version was there. `installed_at` is when it began, publication or not.

    `assumed` while it goes on only because what came after the affected version cannot be judged.
    """

    module_id: int
    version: str
    fixed_version: str | None
    enabled: bool | None
    started_at: datetime
    ended_at: datetime | None
    installed_at: datetime
    assumed: bool = False


def windows(parts: Iterable[tuple[Sequence[Interval], Affected]], published_at: datetime) -> list[Window]:
    """The times, oldest first, at which any module of these packages was affected, none before the publication.

    `parts` are what a site had of each package, and what of the package is affected. Affected versions that follow each
    other without a gap are one time. A time that was over at the publication is none. A version that nobody can judge begins
    no time and ends none: unknown is neither exposed nor fixed.
    """
    every: list[Interval] = []
    covered: list[Interval] = []
    for intervals, affected in parts:
        every += intervals
        covered += _covered(intervals, affected)
    found: list[Window] = []
    for part in _joined(sorted(covered, key=lambda each: (each.since, each.module_id))):
        ends = [each.until for each in part]
        ended_at = None if None in ends else max(end for end in ends if end is not None)
        if ended_at is not None and ended_at <= published_at:
            continue
        began = part[0].since
        shown = _shown(part, ended_at)
        assert shown.version is not None
        found.append(Window(shown.module_id, shown.version, _successor(every, shown, ended_at), _enabled(part, ended_at),
                            max(began, published_at), ended_at, began, ended_at is None and shown.is_assumed))
    return found


def _covered(intervals: Sequence[Interval], affected: Affected) -> list[Interval]:
    """What is affected, and what follows it at once in the same module and cannot be judged: that is taken to be as it was."""
    found: list[Interval] = []
    last: dict[int, Interval] = {}
    for each in sorted(intervals, key=lambda interval: (interval.module_id, interval.since)):
        before = last.pop(each.module_id, None)
        if affected.covers(each.version):
            last[each.module_id] = each
        elif before is not None and before.until == each.since and not affected.judges(each.version):
            last[each.module_id] = replace(each, version=before.version, is_assumed=True)
        else:
            continue
        found.append(last[each.module_id])
    return found


def _joined(covered: Sequence[Interval]) -> list[list[Interval]]:
    """Intervals that overlap or touch, together."""
    groups: list[list[Interval]] = []
    end: datetime | None = None
    for each in covered:
        if groups and (end is None or each.since <= end):
            groups[-1].append(each)
            end = None if end is None or each.until is None else max(end, each.until)
        else:
            groups.append([each])
            end = each.until
    return groups


def _shown(part: Sequence[Interval], ended_at: datetime | None) -> Interval:
    """The interval that stands for the time: the last one, and of several at its end the project's main module."""
    last = [each for each in part if each.until == ended_at]
    return max(last, key=lambda each: (each.is_main, each.since, -each.module_id))


def _successor(every: Sequence[Interval], shown: Interval, ended_at: datetime | None) -> str | None:
    """The version that the module had next; None where it is gone, or the time is not over."""
    if ended_at is None:
        return None
    return next((each.version for each in every if each.module_id == shown.module_id and each.since == ended_at), None)


def _enabled(part: Sequence[Interval], ended_at: datetime | None) -> bool | None:
    """Whether the code runs now, or for a time that is over, whether it ever ran; None where no report says so."""
    counted = {each.enabled for each in part if ended_at is not None or each.until is None}
    if True in counted:
        return True
    return None if None in counted else False


def due(started_at: datetime, severity: str, sla_days: Mapping[str, int] | None) -> datetime:
    """The deadline: an unknown severity has the deadline of high until it is judged (contract §3)."""
    wanted = "high" if severity == "unknown" else severity
    days = (sla_days or {}).get(wanted) or DEFAULT_SLA_DAYS[wanted]
    return started_at + timedelta(days=days)
