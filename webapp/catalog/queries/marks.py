"""What lists say of projects."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from webapp.kit.db import rows

MARKS = """
SELECT project, kind, source, version_constraint, imported_at FROM project_marks WHERE project = ANY(:projects)
ORDER BY project, kind, source
"""


def find_marks(projects: Collection[str]) -> dict[str, list[Any]]:
    """What every list says of these projects: `kind, source, version_constraint, imported_at`, by project."""
    found: dict[str, list[Any]] = {}
    for row in rows(MARKS, projects=sorted(projects)) if projects else []:
        found.setdefault(row.project, []).append(row)
    return found
