"""What the overview says: one answer, and the numbers that it rests on, each with the list that it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.catalog.versions import sort_key
from webapp.exposure.queries import find_advisories, find_exposures
from webapp.fleet import queries
from webapp.kit.permissions import Actor
from webapp.patching.queries import find_runs

DAY, WEEK = timedelta(days=1), timedelta(days=7)
STANDS: dict[str, Any] = {"state": ["open"], "runs": True}
"""The findings that make a site exposed: of code that may run, and that nobody has decided about."""
UNWELL = ["vulnerable", "unsupported", "silent", "unknown", "outdated"]
MOST = 8
LABELS = {"vulnerable": "Vulnerable", "unsupported": "Unsupported", "outdated": "Outdated", "silent": "Silent",
          "unknown": "Never reported", "ok": "OK"}


@dataclass(frozen=True, slots=True)
class Tile:
    """One status: how many sites are in it, how many came into it since yesterday, and what it is called."""

    status: str
    label: str
    value: int
    new: int


@dataclass(slots=True)
class Overview:
    """All that the page shows. `since` counts what happened from `yesterday` on; `by` is what `keepers` are grouped by.

    `advisories` are the gravest that sites stand open to, those with the next deadline first; `due` counts the findings by it.
    """

    at: datetime
    yesterday: datetime
    counts: dict[str, int]
    tiles: list[Tile]
    worst: list[Any]
    fixes: list[Any]
    since: dict[str, int]
    keepers: list[Any]
    by: str
    advisories: list[Any]
    due: dict[str, int]

    @property
    def day_ends(self) -> datetime:
        return self.at + DAY

    @property
    def week_ends(self) -> datetime:
        return self.at + WEEK

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def unheard(self) -> int:
        """The sites that cannot be judged."""
        return self.counts["silent"] + self.counts["unknown"]

    @property
    def verdict(self) -> tuple[str, str]:
        """The status that colours the answer, and the answer. What cannot be judged is never called safe."""
        counts, total = self.counts, self.total
        if counts["vulnerable"]:
            return "vulnerable", f"Not safe: {_of(counts['vulnerable'], total, 'has', 'have')} a security update waiting"
        if counts["unsupported"]:
            return "unsupported", f"Not safe: {_of(counts['unsupported'], total, 'runs', 'run')} what is not supported"
        if self.unheard:
            return "silent" if counts["silent"] else "unknown", f"{_of(self.unheard, total, '', '')} cannot be judged"
        if counts["outdated"]:
            return "ok", "No site has a security update waiting"
        return "ok", "The one site is up to date" if total == 1 else f"All {total:,} sites are up to date"

    @property
    def main_fix(self) -> Any | None:
        """The module whose security update helps most sites."""
        return self.fixes[0] if self.fixes else None


def _of(part: int, total: int, one: str, more: str) -> str:
    return f"{part:,} of {total:,} {'site' if total == 1 else 'sites'} {one if part == 1 else more}".rstrip()


def look_over(actor: Actor, asked: Mapping[str, Any], at: datetime, by: str) -> Overview:
    """Everything in nine statements, however many sites there are; each number by the query of the list behind it."""
    yesterday = at - DAY
    counts, new = queries.count_by_status(actor, asked, at), queries.count_new_by_status(actor, asked, at)
    due: dict[str, dict[str, Any]] = {"late": {"overdue": True, "runs": True}, "day": {**STANDS, "due_since": at, "due_until": at + DAY},
           "week": {**STANDS, "due_since": at + DAY, "due_until": at + WEEK}, "later": {**STANDS, "due_since": at + WEEK}, "open": STANDS}
    since = queries.count_lists({
        **{name: find_exposures(actor, {**asked, **filters}, at) for name, filters in due.items()},
        "advisories": find_advisories(actor, {**asked, "exposed": True}),
        "runs": find_runs(actor, {**asked, "since": yesterday}),
        "failed": find_runs(actor, {**asked, "since": yesterday, "status": ["failed"]}),
        "refused": queries.find_sites(actor, {**asked, "refused_since": yesterday}, at),
        "unreported": queries.find_sites(actor, {**asked, "reported": False}, at)})
    unwell = queries.find_sites(actor, {**asked, "status": UNWELL}, at)
    exposing = find_advisories(actor, {**asked, "exposed": True})
    gravest = exposing.ordered(["severity", "next_due_at", "name"]).limit(MOST)
    return Overview(at, yesterday, counts, tiles(counts, new, since["unreported"]),
                    worst=unwell.fetch(unwell.ordered().limit(MOST)), fixes=queries.find_fixes(actor, asked, MOST),
                    since=since | {"silent": new["silent"]}, keepers=queries.count_by_keeper(actor, asked, at, by)[:MOST], by=by,
                    advisories=exposing.fetch(gravest) if since["advisories"] else [],
                    due={name: since[name] for name in (*due, "advisories")})


def tiles(counts: Mapping[str, int], new: Mapping[str, int], unreported: int) -> list[Tile]:
    """The six; sites that report but name no updates are not known either, and then "never reported" would be untrue."""
    mixed = counts["unknown"] != unreported
    return [Tile(status, "Unknown" if mixed and status == "unknown" else label, counts[status], new[status])
            for status, label in LABELS.items()]


def newest(versions: list[str | None]) -> str | None:
    """The newest of the versions that sites name as the way out; None where none names one."""
    return max((version for version in versions if version), key=sort_key, default=None)
