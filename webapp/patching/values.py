"""Patch runs without a database: what a run claims, what a report saw, and what the one says of the other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from blinker import Signal

from webapp.catalog.versions import is_upgrade, sort_key

runs_changed = Signal()
"""Sent with `site` (its `id` and `organization_id`), `since` and `at` inside the transaction in which runs of a site that ended at or
after `since` were recorded, decided on, inferred, corrected or withdrawn; `fell` says that a report showed a lower version."""

SKEW: Final = timedelta(minutes=5)
"""How far the clocks of a site and of whoever patches it may lie apart."""
REACH: Final = timedelta(days=30)
"""How long after its start a run still accounts for the steps that it claims."""
MEMORY: Final = timedelta(days=180)
"""How long a run that no report has spoken of is looked at again with each report."""
UPDATES_MAX: Final = 5_000
NAME_MAX: Final = 128

_MACHINE_NAME: Final = r"[a-z_][a-z0-9_]*"
_PACKAGE_PART: Final = r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?"
is_module_name: Final = re.compile(f"{_MACHINE_NAME}|{_PACKAGE_PART}/{_PACKAGE_PART}").fullmatch
_is_drupal_package: Final = re.compile(f"drupal/({_MACHINE_NAME})").fullmatch
_TOOLS: Final = frozenset({"drupal/coder", "drupal/console", "drupal/drupal", "drupal/rat"})


class RunStatus(StrEnum):
    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


class Trigger(StrEnum):
    MANUAL = "manual"
    CI = "ci"
    SCHEDULED = "scheduled"
    INFERRED = "inferred"


class Evidence(StrEnum):
    """Whether a report bears a run out: claimed until one does (proven) or denies it (contradicted)."""

    CLAIMED = "claimed"
    PROVEN = "proven"
    CONTRADICTED = "contradicted"


class UpdateStatus(StrEnum):
    SUCCESS = "success"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    SKIPPED = "skipped"


MOVES: Final = frozenset({RunStatus.SUCCESS, RunStatus.PARTIAL})
"""The runs after which versions are other ones than before."""


def module_name(name: str) -> str:
    """The name that a module has here: Composer's `drupal/webform` is `webform`, `drupal/core` is `drupal`."""
    if name == "drupal/core":
        return "drupal"
    package = _is_drupal_package(name)
    return package[1] if package and name not in _TOOLS else name


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two versions are the same, however they are spelled (`8.x-1.14` and `1.14.0`)."""
    if one is None or other is None:
        return one is other
    return sort_key(one) == sort_key(other)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a report showed of one module: absent, or present in a version (None: it named none)."""

    is_present: bool
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One module's step from version to version, at the time of the report that showed it."""

    module_id: int
    module: str
    from_version: str | None
    to_version: str | None
    at: datetime
    report_id: UUID | None = None

    @property
    def is_up(self) -> bool:
        return is_upgrade(self.from_version, self.to_version)


@dataclass(frozen=True, slots=True)
class ClaimedUpdate:
    """One module of a run: from which version to which; without `to_version`, it was removed."""

    from_version: str | None
    to_version: str | None
    status: str | None = None

    @property
    def is_move(self) -> bool:
        """Whether it says that the version is another one now."""
        return self.status in (None, UpdateStatus.SUCCESS)

    def rank(self, step: Step) -> int:
        """How well it accounts for a step: 2 exactly, 1 where the step goes past the claimed version, 0 not at all."""
        if not self.is_move or (step.from_version is None) != (self.from_version is None):
            return 0
        if is_same(self.to_version, step.to_version):
            return 2
        passed = is_upgrade(step.from_version, self.to_version) and is_upgrade(self.to_version, step.to_version)
        return 1 if passed else 0

    def arrived(self, seen: Sighting | None) -> bool | None:
        """Whether the module was seen at the claimed version or beyond it; None where nothing was seen of it.

        A module that is not there at all says nothing of an update: the report may know it by another name.
        """
        if seen is None:
            return None
        if self.to_version is None:
            return not seen.is_present
        if not seen.is_present or seen.version is None:
            return None
        goes_down = is_upgrade(self.to_version, self.from_version)
        ends = (seen.version, self.to_version) if goes_down else (self.to_version, seen.version)
        return is_same(seen.version, self.to_version) or is_upgrade(*ends)

    def stayed(self, seen: Sighting | None) -> bool | None:
        """Whether the module was seen not to have arrived; None also where it was there before."""
        arrived = None if is_same(self.from_version, self.to_version) else self.arrived(seen)
        return None if arrived is None else not arrived


@dataclass(slots=True)
class Claim:
    """A posted run, with the modules that it speaks of."""

    run_id: UUID
    status: str
    started_at: datetime
    ended_at: datetime
    evidence: str = Evidence.CLAIMED
    evidence_at: datetime | None = None
    updates: dict[str, ClaimedUpdate] = field(default_factory=dict)
    shown: dict[str, Sighting] = field(default_factory=dict)
    """What earlier reports showed of its modules since it began."""

    def reaches(self, at: datetime) -> bool:
        """Whether a step at that time can be its work: once a report has decided on the run, later steps are not."""
        open_then = self.evidence_at is None or at <= self.evidence_at
        return self.status in MOVES and open_then and self.started_at - SKEW <= at <= self.started_at + REACH

    def rank(self, step: Step) -> int:
        update = self.updates.get(step.module)
        return update.rank(step) if update and self.reaches(step.at) else 0

    def verdict(self, seen: Mapping[str, Sighting]) -> Evidence | None:
        """What was seen makes of the run; None where it decides nothing.

        One module seen unmoved contradicts a success, one seen moved a failure; all of them have to be seen to prove
        it. A partial run is proven by one that moved, and contradicted when all of them are seen unmoved.
        """
        if self.status == RunStatus.PARTIAL:
            hopes = [update.arrived(seen.get(name)) for name, update in self.updates.items() if update.is_move]
            if any(hopes):
                return Evidence.PROVEN
            return Evidence.CONTRADICTED if hopes and None not in hopes else None
        succeeded = self.status in MOVES
        signs = [(update.arrived if update.is_move and succeeded else update.stayed)(seen.get(name))
                 for name, update in self.updates.items()]
        if False in signs:
            return Evidence.CONTRADICTED
        return Evidence.PROVEN if signs and all(signs) else None


def assign(steps: Iterable[Step], claims: Iterable[Claim]) -> dict[Step, UUID]:
    """The run that each step belongs to, of those that account for it: the best fit, then the one begun last.

    A run updates a module once: the second time that a module reaches a version is not its work.
    """
    by_module: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        for module in claim.updates:
            by_module[module].append(claim)
    owners: dict[Step, UUID] = {}
    used: set[tuple[UUID, str]] = set()
    for step in sorted(steps, key=lambda each: each.at):
        fits = [(rank, claim.started_at, str(claim.run_id), claim.run_id) for claim in by_module.get(step.module, ())
                if (claim.run_id, step.module) not in used and (rank := claim.rank(step))]
        if fits:
            owners[step] = max(fits)[3]
            used.add((owners[step], step.module))
    return owners
