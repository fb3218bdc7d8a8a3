"""Setting the clocks: exposures are made to say what follows from what was installed and what was published.

A report settles its site for the packages that it changed; a new or changed advisory settles every site that has had one
of its packages since it was published. Both end in the same rows, in whatever order they come. A site is locked while its
clocks are set, so that a report and an advisory that come at once see each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.audit.actions import Event, record_many
from webapp.exposure.actions.telling import note_exposures, tell_of_exposures
from webapp.exposure.actions.writing import Row, deadlines_of, load_exposures, recount_sites, write_rows
from webapp.exposure.queries.history import Reach, intervals_of, modules_of, reach_of_packages
from webapp.exposure.values import Interval, Window, due, exposures_settled, windows
from webapp.kit import metrics
from webapp.kit.clock import stamp
from webapp.kit.db import after_commit
from webapp.kit.permissions import Actor

Step = tuple[Row | None, Row | None]
"""An exposure before and after: made, changed, or dropped."""


@dataclass(slots=True)
class Settled:
    """What was found: how many exposures were opened (some of them again) and closed, and the sites that it concerns.

    `reached` are the advisories that opened exposures of code that may run, as (site, organization, advisory).
    """

    opened: int = 0
    closed: int = 0
    reached: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    sites: set[UUID] = field(default_factory=set)


def settle_report(actor: Actor, site: Any, packages: Collection[str], at: datetime) -> Settled:
    """Sets the clocks of one site for the packages that a report changed; to be called with the site locked."""
    reaches = reach_of_packages(packages)
    return settle_sites(actor, {site.id: site.organization_id}, reaches, at) if reaches else Settled()


def settle_sites(actor: Actor, sites: Mapping[UUID, UUID], reaches: Sequence[Reach], at: datetime, gone: Collection[int] = ()) -> Settled:
    """Sets the clocks of these locked sites (with their organizations) for these advisories; those `gone` reach nothing any more."""
    modules = modules_of({package for reach in reaches for package in reach.packages})
    installed = intervals_of(list(sites), modules)
    present = load_exposures(list(sites), [*(reach.id for reach in reaches), *gone])
    sla = deadlines_of(set(sites.values()))
    plan = Plan(actor, at)
    by_package: dict[str, list[Reach]] = defaultdict(list)
    for reach in reaches:
        for package in reach.packages:
            by_package[package].append(reach)
    for site_id, here in installed.items():
        for reach in {reach.id: reach for package in here for reach in by_package.get(package, ())}.values():
            rows = present.pop((site_id, reach.id), [])
            plan.compare(site_id, sites[site_id], reach, _wanted(here, reach), rows, sla.get(sites[site_id]))
    for rows in present.values():
        plan.drop(rows)
    return plan.carry_out()


def _wanted(installed: Mapping[str, list[Interval]], reach: Reach) -> list[Window]:
    parts = [(installed[package], affected) for package, affected in reach.packages.items() if package in installed]
    return windows(parts, reach.published_at) if parts else []


@dataclass(slots=True)
class Plan:
    """What has to be written, and what is to be told of it."""

    actor: Actor
    at: datetime
    new: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, Row]] = field(default_factory=list)
    dropped: list[Row] = field(default_factory=list)
    names: dict[int, Reach] = field(default_factory=dict)

    def compare(self, site_id: UUID, organization_id: UUID, reach: Reach, wanted: Sequence[Window], present: Sequence[Row],
                sla_days: Mapping[str, int] | None) -> None:
        """Notes what makes the rows of one site and advisory say what they have to."""
        self.names[reach.id] = reach
        known = {row.n: row for row in present}
        for n, window in enumerate(wanted, start=1):
            before = known.pop(n, None)
            row = Row.of(window, site_id, organization_id, reach.id, n)
            same_start = before is not None and before.started_at == window.started_at
            # A deadline that was missed or kept stays what it was; while the clock runs it follows severity and settings.
            row.due_at = before.due_at if before and same_start and window.ended_at else due(window.started_at, reach.severity, sla_days)
            if before is None:
                self.new.append(row)
            elif not before.says_the_same_as(row):
                row.id = before.id
                self.changed.append((before, row))
        self.dropped += known.values()

    def drop(self, rows: Iterable[Row]) -> None:
        """Notes rows that nothing stands behind any more."""
        self.dropped += rows

    def carry_out(self) -> Settled:
        """Writes everything, with an audit row for each exposure that changed."""
        settled = Settled()
        if not (self.new or self.changed or self.dropped):
            return settled
        write_rows(self.new, [after for _, after in self.changed], self.dropped, self.at)
        told: dict[tuple[str, str], int] = defaultdict(int)
        happened: list[tuple[UUID, UUID, str]] = []
        found: list[tuple[UUID, UUID, int]] = []
        done: list[Event] = []
        steps: list[Step] = [*((None, row) for row in self.new), *self.changed, *((row, None) for row in self.dropped)]
        for before, after in steps:
            event = _event(before, after)
            settled.opened += event in ("opened", "reopened")
            settled.closed += event == "closed"
            row = after or before
            assert row is not None
            settled.sites.add(row.site_id)
            happened.append((row.site_id, row.organization_id, event))
            found.append((row.site_id, row.organization_id, row.advisory_id))
            reach = self.names.get(row.advisory_id)
            told[event, reach.severity if reach else "unknown"] += 1
            done.append(_entry(f"exposure.{event}", row, before, after, reach))
        record_many(self.actor, done)
        recount_sites(settled.sites)
        tell_of_exposures(happened, self.at)
        exposures_settled.send(self.actor, found=found, at=self.at)
        settled.reached = note_exposures((_found(*step) for step in steps), self.at)
        after_commit(lambda: _count(told))
        return settled


def _entry(action: str, row: Row, before: Row | None, after: Row | None, reach: Reach | None) -> Event:
    changes: dict[str, list[Any]] = {}
    for name in ("started_at", "ended_at", "version", "fixed_version", "enabled", "assumed", "due_at"):
        old, new = (getattr(before, name) if before else None), (getattr(after, name) if after else None)
        if old != new:
            changes[name] = [stamp(old) if isinstance(old, datetime) else old, stamp(new) if isinstance(new, datetime) else new]
    if reach is not None:
        changes["advisory"] = [reach.name if before else None, reach.name if after else None]
    changes["site_id"] = [str(row.site_id) if before else None, str(row.site_id) if after else None]
    return Event(action, "Exposure", row.id, row.organization_id, changes)


def _count(told: Mapping[tuple[str, str], int]) -> None:
    for (event, severity), count in told.items():
        metrics.EXPOSURES.labels(event, severity).inc(count)


def _found(before: Row | None, after: Row | None) -> tuple[UUID, UUID, int, str | None]:
    """Site, organization, advisory, and what whoever is told of findings wants to know; None for code that does not run.

    One that was open and is withdrawn is over too.
    """
    row, event = after or before, _event(before, after)
    assert row is not None
    if row.enabled is False:
        return row.site_id, row.organization_id, row.advisory_id, None
    over = event == "withdrawn" and before is not None and before.ended_at is None
    return row.site_id, row.organization_id, row.advisory_id, "closed" if over else event


def _event(before: Row | None, after: Row | None) -> str:
    """What happened to an exposure, in one word; one that is over already when it is found was opened and closed."""
    if after is None:
        return "withdrawn"
    if before is None:
        return "found_closed" if after.ended_at else "opened" if after.n == 1 else "reopened"
    if before.ended_at is None and after.ended_at is not None:
        return "closed"
    return "reopened" if before.ended_at is not None and after.ended_at is None else "corrected"
