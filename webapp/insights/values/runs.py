"""Patch runs as deployments: what counts as one, which failed, and when what had failed was there again.

A run that moved nothing is no deployment. A run fails where it says so, where a later report shows that its versions did not arrive,
and where a report shows a lower version than it had brought. It is over when later runs have brought all that it was to bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from webapp.catalog.versions import is_upgrade
from webapp.patching.values import MOVES, ClaimedUpdate, Evidence, Sighting, is_same

TIERS: Final = {"production": "production", "prod": "production", "live": "production", "staging": "staging", "stage": "staging",
                "testing": "testing", "test": "testing", "qa": "testing", "development": "development", "dev": "development"}


class Failing(StrEnum):
    """How it showed that a run failed."""

    FAILED = "failed"
    NOT_ARRIVED = "not_arrived"
    FELL_BACK = "fell_back"


@dataclass(frozen=True, slots=True)
class Run:
    """A patch run with what it says of each module."""

    id: UUID
    status: str
    ended_at: datetime
    updates: Mapping[str, ClaimedUpdate]
    evidence: str = Evidence.CLAIMED
    evidence_at: datetime | None = None

    @property
    def moves(self) -> dict[str, ClaimedUpdate]:
        """The modules that were to be another version after it."""
        return {name: update for name, update in self.updates.items() if not is_same(update.from_version, update.to_version)}

    @property
    def outcome(self) -> str | None:
        """success or failure; None where nothing was changed or tried, so that nothing was deployed."""
        if self.status not in MOVES:
            return "failure" if self.moves else None
        return "success" if any(update.is_move for update in self.moves.values()) else None

    @property
    def holds(self) -> bool:
        """Whether it brought what it says, as far as reports tell."""
        return self.outcome == "success" and self.evidence != Evidence.CONTRADICTED

    def brings(self, module: str, wanted: ClaimedUpdate) -> bool:
        """Whether after it a module is where another run wanted it, or further."""
        update = self.updates.get(module)
        if not self.holds or update is None or not update.is_move:
            return False
        return wanted.arrived(Sighting(update.to_version is not None, update.to_version)) is True


@dataclass(frozen=True, slots=True)
class Fall:
    """A module that a report shows in a lower version than the one before did."""

    module: str
    from_version: str | None
    to_version: str | None
    at: datetime


@dataclass(slots=True)
class Failure:
    """One run that failed: how, since when it shows, what it wanted, and the run that brought the last of it (None: not yet)."""

    run: Run
    how: Failing
    opened_at: datetime
    wanted: dict[str, ClaimedUpdate]
    ended_by: Run | None = field(default=None)

    @property
    def resolved_at(self) -> datetime | None:
        return None if self.ended_by is None else max(self.ended_by.ended_at, self.opened_at)


def tier_of(said: str | None, of_site: str) -> str:
    """The environment of a run: what it says of itself, where that is one we know, else its site's."""
    return TIERS.get((said or "").strip().lower(), of_site)


def failures(runs: Iterable[Run], falls: Iterable[Fall]) -> list[Failure]:
    """The failed runs of one site, the earliest first; each once, however often it shows."""
    ordered = sorted(runs, key=lambda run: (run.ended_at, str(run.id)))
    found: dict[UUID, Failure] = {}
    for run in ordered:
        if run.outcome == "failure":
            found[run.id] = Failure(run, Failing.FAILED, run.ended_at, run.moves)
        elif run.outcome == "success" and run.evidence == Evidence.CONTRADICTED:
            found[run.id] = Failure(run, Failing.NOT_ARRIVED, run.evidence_at or run.ended_at, run.moves)
    for fall in sorted(falls, key=lambda fall: fall.at):
        raiser = _raiser(ordered, fall)
        if raiser is None:
            continue
        known = found.setdefault(raiser.id, Failure(raiser, Failing.FELL_BACK, fall.at, {}))
        if known.how is Failing.FELL_BACK and known.opened_at == fall.at:
            known.wanted[fall.module] = raiser.updates[fall.module]
    for failure in found.values():
        failure.ended_by = _restorer(ordered, failure)
    return sorted(found.values(), key=lambda each: (each.opened_at, str(each.run.id)))


def _raiser(ordered: Sequence[Run], fall: Fall) -> Run | None:
    """The last run before a fall that had brought the version from which it fell."""
    for run in reversed(ordered):
        update = run.updates.get(fall.module)
        if run.ended_at > fall.at or not run.holds or update is None or not update.is_move:
            continue
        if is_upgrade(update.from_version, update.to_version) and is_same(update.to_version, fall.from_version):
            return run
    return None


def _restorer(ordered: Sequence[Run], failure: Failure) -> Run | None:
    """The run with which all that the failed one wanted was there; several may bring it piece by piece."""
    left = dict(failure.wanted)
    for run in ordered:
        since = failure.opened_at if failure.how is Failing.FELL_BACK else failure.run.ended_at
        if run is failure.run or run.ended_at < since:
            continue
        left = {name: wanted for name, wanted in left.items() if not run.brings(name, wanted)}
        if not left:
            return run
    return None
