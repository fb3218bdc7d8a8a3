"""The five numbers about deployments. One is one file of this folder that registers itself; it follows from facts alone.

Every number says how many records it is of (`n`), in which window, and by which definition; and with its trend, how it was before.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from webapp.insights.measures import said_window
from webapp.insights.values.delivery import ChangeKind, Delivery, Deployed, Lead, counted, delivery_of
from webapp.insights.values.windows import Granularity, Window
from webapp.kit.clock import stamp

Figure = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What is known of deployments in a window and in the one before it, and of the changes that arrived with them.

    `is_known` and `was_known` say that something was deployed before the one window, and before the other: then no deployment is
    none. `is_one` says that all is of one team, repository or site.
    """

    window: Window
    granularity: Granularity
    deployed: Sequence[Deployed]
    leads: Sequence[Lead]
    kind: ChangeKind
    is_known: bool = False
    was_known: bool = False
    is_one: bool = False
    open_incidents: int = 0
    open_since: datetime | None = None
    open_seconds: Sequence[tuple[datetime, float]] = ()

    @cached_property
    def now(self) -> Delivery:
        return delivery_of(self.deployed, self.window, is_known=self.is_known)

    @cached_property
    def before(self) -> Delivery:
        return delivery_of(self.deployed, self.window.before, is_known=self.was_known)

    @cached_property
    def mine(self) -> list[Deployed]:
        """The deployments of the window itself."""
        return [each for each in self.deployed if self.window.holds(each.finished_at)]

    def arrived(self, window: Window | None = None, kind: ChangeKind | None = None) -> list[Lead]:
        """The changes of a kind (the one that is asked for) that arrived in a window (this one), and whose way is known."""
        return counted(self.of_kind(kind or self.kind), window or self.window)

    def of_kind(self, kind: ChangeKind) -> list[Lead]:
        return [each for each in self.leads if kind in (ChangeKind.ALL, each.kind)]


@dataclass(frozen=True, slots=True)
class Number:
    """One number about deployments: what it is called, what it means, and how it follows from the facts.

    `figure` gives the number with its trend, `point` what a period of the series says of it, `records` the records behind it.
    """

    name: str
    title: str
    definition: str
    figure: Callable[[Facts], Figure]
    point: Callable[[Facts], Figure]
    records: Callable[[Facts], Figure]


NUMBERS: dict[str, Number] = {}
ORDER = ("deployment_frequency", "lead_time_for_changes", "change_failure_rate", "time_to_restore", "deployment_rework_rate")


def register(number: Number) -> Number:
    """Takes a number up; its name is where it stands in the answer."""
    if number.name in NUMBERS:
        raise ValueError(f"Two numbers are named {number.name}.")
    NUMBERS[number.name] = number
    return number


def figures_of(facts: Facts) -> dict[str, Figure]:
    """All numbers about deployments, each with its window and its definition."""
    return {name: {**NUMBERS[name].figure(facts), "window": said_window(facts.window), "definition": NUMBERS[name].definition}
            for name in ORDER}


def series_of(facts: Facts) -> list[Figure]:
    """What each period of the window says of all of them; a period without deployments has counts of 0, and no rates."""
    deployed: dict[date, list[Deployed]] = defaultdict(list)
    leads: dict[date, list[Lead]] = defaultdict(list)
    for each in facts.mine:
        deployed[facts.window.period_of(each.finished_at, facts.granularity)].append(each)
    for lead in facts.leads:
        if facts.window.holds(lead.deployed_at):
            leads[facts.window.period_of(lead.deployed_at, facts.granularity)].append(lead)
    return [_point(facts, period, deployed, leads) for period in facts.window.periods(facts.granularity)]


def _point(facts: Facts, period: Window, deployed: dict[date, list[Deployed]], leads: dict[date, list[Lead]]) -> Figure:
    key = facts.window.period_of(period.start, facts.granularity)
    inside = replace(facts, window=period, deployed=deployed.get(key, []), leads=leads.get(key, []), is_known=False, was_known=False)
    point: Figure = {"period": facts.window.day_of(period.start).isoformat(), "start": stamp(period.start), "end": stamp(period.end)}
    for name in ORDER:
        point |= NUMBERS[name].point(inside)
    return point


def records_of(facts: Facts) -> dict[str, Figure]:
    """The records behind each number, and what was left out of it and why."""
    return {name: NUMBERS[name].records(facts) for name in ORDER}


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
