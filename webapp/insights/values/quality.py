"""Code quality in numbers: the newest measurement of each repository, added up.

Coverage is lines covered of lines to cover, over all repositories; a mean of percentages would let an empty one weigh as much as the
largest. A repository that was never measured is named, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from webapp.insights.values.figures import percentage

COUNTS: Final = ("code_smells", "security_issues", "bugs", "vulnerabilities")
MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Measured:
    """What one repository was measured at last; None for what the measurement did not speak of."""

    repository_id: UUID
    measured_at: datetime
    lines_covered: int | None = None
    lines_to_cover: int | None = None
    test_coverage: float | None = None
    code_smells: int | None = None
    technical_debt_minutes: float | None = None
    security_issues: int | None = None
    bugs: int | None = None
    vulnerabilities: int | None = None

    @property
    def has_lines(self) -> bool:
        return self.lines_covered is not None and self.lines_to_cover is not None


@dataclass(frozen=True, slots=True)
class Quality:
    """All repositories together. `unweighed` told their coverage in percent alone, which cannot be added to the others'."""

    n: int
    test_coverage: float | None
    code_smells: int | None
    technical_debt_hours: float | None
    security_issues: int | None
    bugs: int | None
    vulnerabilities: int | None
    unweighed: tuple[UUID, ...] = ()


def quality_of(found: Sequence[Measured]) -> Quality:
    """The sums; each number of those that speak of it, None where none does."""
    weighed = [each for each in found if each.has_lines]
    told = [each for each in found if not each.has_lines and each.test_coverage is not None]
    covered = percentage(sum(each.lines_covered or 0 for each in weighed), sum(each.lines_to_cover or 0 for each in weighed))
    alone = told[0].test_coverage if len(told) == 1 and not weighed else None
    minutes = _sum([each.technical_debt_minutes for each in found])
    counts = {name: _sum([getattr(each, name) for each in found]) for name in COUNTS}
    return Quality(
        n=len(found), test_coverage=alone if alone is not None else covered,
        technical_debt_hours=None if minutes is None else round(minutes / MINUTES, 6),
        unweighed=() if alone is not None else tuple(each.repository_id for each in told),
        **{name: None if value is None else int(value) for name, value in counts.items()})


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
