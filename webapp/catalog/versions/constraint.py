"""Version constraints as values: which versions an advisory affects, which core a release needs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from webapp.catalog.versions import constraint_parser
from webapp.catalog.versions.grammar import Operator
from webapp.catalog.versions.order import Version

_CACHED_CONSTRAINTS = 8_192
_ORDERED: Final[dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One bound: an operator and the version to hold against it."""

    operator: Operator
    version: Version

    def allows(self, version: Version) -> bool:
        """Tell whether the version lies within the bound; a named branch equals itself, and is never less or more."""
        if version.is_named_branch or self.version.is_named_branch:
            same = version.normalized == self.version.normalized
            return same if self.operator == "==" else self.operator == "!=" and not same
        return _ORDERED[self.operator](version.rank, self.version.rank)

    def __str__(self) -> str:
        return f"{self.operator} {self.version.normalized}"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint as Composer reads it: alternatives, in each of which every comparison has to hold.

    An alternative without comparisons allows everything (`*`). `str()` gives Composer's own notation of the bounds.
    """

    alternatives: tuple[tuple[Comparison, ...], ...]

    @staticmethod
    def parse(text: str) -> Constraint:
        """Read a constraint; raises BadConstraint. Source: composer/semver, VersionParser::parseConstraints.

        `<2.0.0` stops short of 2.0.0's pre-releases and `>=2.0.0` includes them, for both mean `2.0.0-dev`; a bound
        that names a stability is taken as it stands. Flags such as `@beta` only move an unstable bound.
        """
        return _parse(text)

    def allows(self, version: str) -> bool:
        """Tell whether the version, in Composer's or Drupal's spelling, satisfies this; raises BadVersion."""
        parsed = Version.parse(version)
        return any(all(comparison.allows(parsed) for comparison in group) for group in self.alternatives)

    def __str__(self) -> str:
        groups = [_notation(group) for group in self.alternatives]
        return groups[0] if len(groups) == 1 else f"[{' || '.join(groups)}]"


def satisfies(version: str, constraint: str | Constraint) -> bool:
    """Tell whether the version satisfies the constraint, as Composer's Semver::satisfies does.

    Raises BadVersion or BadConstraint: what cannot be read is neither affected nor safe, and the caller has to say so.
    """
    parsed = Constraint.parse(constraint) if isinstance(constraint, str) else constraint
    return parsed.allows(version)


@lru_cache(maxsize=_CACHED_CONSTRAINTS)
def _parse(text: str) -> Constraint:
    groups: list[tuple[Comparison, ...]] = []
    for bounds in constraint_parser.parse(text):
        group = tuple(Comparison(name, Version.of_normal_form(normalized)) for name, normalized in bounds)
        joined = _joined(groups[-1], group) if groups else None
        if joined is None:
            groups.append(group)
        else:
            groups[-1] = joined
    return Constraint(tuple(groups))


def _joined(left: tuple[Comparison, ...], right: tuple[Comparison, ...]) -> tuple[Comparison, ...] | None:
    """Return one range for two that touch (`^9.5 || ^10`); Composer does so, and its notation shows it."""
    for group in (left, right):
        if [comparison.operator for comparison in group] != [">=", "<"]:
            return None
    return (left[0], right[1]) if left[1].version == right[0].version else None


def _notation(group: tuple[Comparison, ...]) -> str:
    if not group:
        return "*"
    text = " ".join(str(comparison) for comparison in group)
    return text if len(group) == 1 else f"[{text}]"
