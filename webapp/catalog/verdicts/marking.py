"""Which marks a version has: by Composer's semantics on the constraints of lists, of the line that those lists are about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from webapp.catalog.values.marks import Mark
from webapp.catalog.versions import BadConstraint, BadVersion, satisfies, to_composer

ORDER = {mark.value: place for place, mark in enumerate(Mark)}
SEVEN = "7.x-"


class Marking(Protocol):
    """One list's word on one project."""

    @property
    def kind(self) -> str: ...

    @property
    def version_constraint(self) -> str: ...


def marks_of(version: str | None, markings: Iterable[Marking]) -> list[str]:
    """The kinds that mark this version, the gravest first, each once. What cannot be read is not marked.

    The lists are about Drupal 8 and later: `7.x-1.14` would become the same `1.14.0`, and is not meant.
    """
    if not version or version.startswith(SEVEN):
        return []
    return sorted({each.kind for each in markings if _is_marked(version, each.version_constraint)}, key=ORDER.__getitem__)


def _is_marked(version: str, constraint: str) -> bool:
    try:
        return satisfies(to_composer(version) if version[:1].isdigit() else version, constraint)
    except (BadVersion, BadConstraint):
        return False
