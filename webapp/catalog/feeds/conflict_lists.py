"""Lists of versions as Composer metapackages that conflict with them: mxr576/ddqg, and others of that shape.

Source: github.com/mxr576/drupal-dependency-quality-gate. A list has one `conflict` map of packages and constraints. What it marks
them as stands in its description; which Drupal a version does not suit stands only in the name of its file or branch, since both
lists are described by the same words.
"""

from __future__ import annotations

import re
from typing import Any

from webapp.catalog.values.marks import Mark, MarkList
from webapp.catalog.verdicts.advisories import module_of
from webapp.catalog.versions import BadConstraint, Constraint

BY_NAME = ((re.compile(r"non-d(rupal)?-?11\b", re.IGNORECASE), Mark.NO_DRUPAL_11),
           (re.compile(r"non-d(rupal)?-?10\b", re.IGNORECASE), Mark.NO_DRUPAL_10))
BY_WORDS = ((re.compile(r"\b(insecure|security advisories|vulnerabilit)", re.IGNORECASE), Mark.INSECURE),
            (re.compile(r"\bunsupported\b", re.IGNORECASE), Mark.UNSUPPORTED),
            (re.compile(r"\bdeprecated\b", re.IGNORECASE), Mark.DEPRECATED))
VENDOR = "drupal/"
LONGEST_NAME, LONGEST_CONSTRAINT = 128, 100_000


class BadList(ValueError):
    """A document that has the shape of a list, but does not say what it marks."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def recognises(document: Any) -> bool:
    """Whether a JSON value is such a list."""
    return isinstance(document, dict) and document.get("type") == "metapackage" and isinstance(document.get("conflict"), dict)


def read(document: dict[str, Any], file_name: str) -> MarkList:
    """The list, as far as its constraints can be read; raises BadList. Packages that are not Drupal's are left out."""
    source, kind = str(document.get("name") or "").strip().lower(), _kind(document, file_name.rpartition("/")[2])
    if not re.fullmatch(r"[a-z0-9][\w.-]*/[a-z0-9][\w.-]*", source) or len(source) > LONGEST_NAME:
        raise BadList("it does not say whose list it is (name)")
    if kind is None:
        raise BadList("neither its description nor its file's name says what it marks versions as")
    constraints, refused = {}, []
    for package, constraint in document["conflict"].items():
        if not package.startswith(VENDOR):
            continue
        project = module_of(package)
        if _is_readable(project, constraint):
            constraints[project] = constraint
        else:
            refused.append(project[:LONGEST_NAME])
    return MarkList(source, kind, constraints, tuple(refused))


def _kind(document: dict[str, Any], file_name: str) -> Mark | None:
    words = str(document.get("description") or "")
    named = (kind for pattern, kind in BY_NAME if pattern.search(file_name))
    described = (kind for pattern, kind in BY_WORDS if pattern.search(words))
    return next(named, None) or next(described, None)


def _is_readable(project: str, constraint: Any) -> bool:
    if not isinstance(constraint, str) or not constraint.strip() or len(project) > LONGEST_NAME or len(constraint) > LONGEST_CONSTRAINT:
        return False
    try:
        Constraint.parse(constraint)
    except BadConstraint:
        return False
    return True
