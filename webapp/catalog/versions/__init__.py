"""Versions as Composer understands them, for Drupal's spellings and Composer's alike.

Composer decides what a site may install and which versions an advisory covers, so its rules (composer/semver) are
the only ones used here. Pure functions and frozen values: nothing in this package knows a database or a request.
"""

from webapp.catalog.versions.constraint import Comparison, Constraint, satisfies
from webapp.catalog.versions.drupal import to_composer
from webapp.catalog.versions.grammar import BadConstraint, BadVersion
from webapp.catalog.versions.normal import normalize, stability
from webapp.catalog.versions.order import (
    SortKey,
    Version,
    compare,
    is_upgrade,
    sort_key,
)

__all__ = [
    "BadConstraint",
    "BadVersion",
    "Comparison",
    "Constraint",
    "SortKey",
    "Version",
    "compare",
    "is_upgrade",
    "normalize",
    "satisfies",
    "sort_key",
    "stability",
    "to_composer",
]
