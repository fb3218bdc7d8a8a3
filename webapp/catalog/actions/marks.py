"""Marks of versions by lists: kept by list and project, and noted with each (project, version) that some site runs.

They stand beside core's verdict and never change it, and they open no exposure. The caller commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from webapp.catalog.queries.marks import find_marks
from webapp.catalog.values.marks import MarkList
from webapp.catalog.values.releases import Line
from webapp.catalog.verdicts.marking import marks_of
from webapp.kit.db import execute, rows

BEFORE = "SELECT project, version_constraint FROM project_marks WHERE source = :source AND kind = :kind"
DROP = "DELETE FROM project_marks WHERE source = :source AND kind = :kind AND project = ANY(:projects)"
KEEP = """
INSERT INTO project_marks (source, kind, project, version_constraint, imported_at)
SELECT :source, :kind, project, version_constraint, :at
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (project text, version_constraint text)
ON CONFLICT (source, kind, project) DO UPDATE SET version_constraint = excluded.version_constraint, imported_at = excluded.imported_at
"""
HOLD = "SELECT id FROM project_feeds WHERE project = ANY(:projects) AND line = 'current' ORDER BY id FOR UPDATE"
JUDGED = """
SELECT v.id, f.project, v.version, v.marks FROM project_verdicts v JOIN project_feeds f ON f.id = v.feed_id
WHERE f.project = ANY(:projects) AND f.line = :line
"""
NOTE = """
UPDATE project_verdicts v SET marks = n.marks FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (id bigint, marks varchar[])
WHERE v.id = n.id
"""


@dataclass(frozen=True, slots=True)
class KeptList:
    """What came of a list: how many projects it marks, how many it marked before and no longer, and the versions on sites it changed."""

    projects: int
    gone: int
    versions: int


def keep_list(found: MarkList, at: datetime) -> KeptList:
    """Puts a list in the place of the one that the same source gave of the same kind; what it no longer says is forgotten."""
    before = {row.project: row.version_constraint for row in rows(BEFORE, source=found.source, kind=found.kind)}
    gone = sorted(set(before) - set(found.constraints))
    said = [{"project": project, "version_constraint": constraint} for project, constraint in sorted(found.constraints.items())]
    changed = [each["project"] for each in said if before.get(each["project"]) != each["version_constraint"]]
    # A report that judges a version of these for the first time holds its feed too: either it reads the new list, or is seen here.
    execute(HOLD, projects=[*changed, *gone])
    if gone:
        execute(DROP, source=found.source, kind=found.kind, projects=gone)
    if said:
        execute(KEEP, source=found.source, kind=found.kind, at=at, rows=orjson.dumps(said).decode())
    return KeptList(len(said), len(gone), _note_again([*changed, *gone]))


def _note_again(projects: Sequence[str]) -> int:
    """Notes anew what lists say of the versions of these projects; gives how many say something else now."""
    judged = rows(JUDGED, projects=list(projects), line=Line.CURRENT) if projects else []
    marks = marked({(row.project, row.version) for row in judged})
    changed = [{"id": row.id, "marks": marks[row.project, row.version]} for row in judged
               if list(row.marks) != marks[row.project, row.version]]
    if changed:
        execute(NOTE, rows=orjson.dumps(changed).decode())
    return len(changed)


def marked(pairs: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], list[str]]:
    """The kinds that lists mark these (project, version) with; in one statement."""
    found: dict[str, list[Any]] = find_marks({project for project, _ in pairs})
    return {(project, version): marks_of(version, found.get(project, ())) for project, version in pairs}
