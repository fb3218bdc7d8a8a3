"""The statements that write an inventory, each once for any number of modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.fleet.actions.comparison import Plan, State
from webapp.fleet.values import VersionChange
from webapp.kit.db import db
from webapp.kit.ids import new_id

STATE = """m.name, i.version, i.type, i.project, i.display_name, i.enabled, i.source, i.said_latest_version, i.said_recommended_version,
    i.said_update_available, i.said_security_update, i.said_at, i.id, i.module_id, i.installed_at, i.valid_from, i.valid_to,
    i.verdict_id, i.status, i.latest_version, i.recommended_version, i.update_available, i.security_update, i.datestamp"""
"""The columns of a State, in its order."""
PRESENT = f"SELECT {STATE} FROM installations i JOIN modules m ON m.id = i.module_id WHERE i.site_id = %(site)s AND "  # noqa: S608
OPEN = "i.valid_to IS NULL"
THEN = "i.valid_from <= %(at)s AND (i.valid_to IS NULL OR i.valid_to > %(at)s)"
SINCE = "i.module_id = ANY(%(modules)s) AND (i.valid_to IS NULL OR i.valid_to >= %(since)s) ORDER BY i.valid_from"
COLUMNS = {"module_id": "bigint", "version": "text", "type": "text", "project": "text", "display_name": "text", "enabled": "boolean",
           "source": "text", "installed_at": "timestamptz", "valid_from": "timestamptz", "valid_to": "timestamptz",
           "said_latest_version": "text", "said_recommended_version": "text", "said_update_available": "boolean",
           "said_security_update": "boolean", "said_at": "timestamptz", "verdict_id": "bigint", "status": "text",
           "latest_version": "text", "recommended_version": "text", "update_available": "boolean", "security_update": "boolean",
           "datestamp": "bigint"}
FIELDS = {"said_latest_version": "latest_version", "said_recommended_version": "recommended_version",
          "said_update_available": "update_available", "said_security_update": "security_update", "latest_version": "newest",
          "recommended_version": "advised", "update_available": "needs_update", "security_update": "needs_security"}
"""The fields of State that are named otherwise than their columns: a state speaks of the site's word first."""
ARRAYS = ", ".join(f"%({name})s::{kind}[]" for name, kind in COLUMNS.items())
INSERT = f"""
INSERT INTO installations (organization_id, site_id, {", ".join(COLUMNS)})
SELECT %(organization)s, %(site)s, * FROM unnest({ARRAYS})
"""  # noqa: S608 (names from a constant)
REWRITTEN = ("version", "type", "project", "display_name", "source", "said_latest_version", "said_recommended_version",
             "said_update_available", "said_security_update", "said_at", "verdict_id", "status", "latest_version", "recommended_version",
             "update_available", "security_update", "datestamp")
REWRITE = f"""
UPDATE installations i SET {", ".join(f"{name} = n.{name}" for name in REWRITTEN)}
FROM unnest(%(id)s::bigint[], {", ".join(f"%({name})s::{COLUMNS[name]}[]" for name in REWRITTEN)}) AS n (id, {", ".join(REWRITTEN)})
WHERE i.id = n.id
"""  # noqa: S608
MOVED = ("valid_from", "valid_to", "installed_at")
MOVE = f"""
UPDATE installations i SET {", ".join(f"{name} = n.{name}" for name in MOVED)}
FROM unnest(%(id)s::bigint[], {", ".join(f"%({name})s::{COLUMNS[name]}[]" for name in MOVED)}) AS n (id, {", ".join(MOVED)})
WHERE i.id = n.id
"""  # noqa: S608
JUDGED = ("verdict_id", "status", "latest_version", "recommended_version", "update_available", "security_update")
REJUDGE = f"""
UPDATE installations i SET {", ".join(f"{name} = n.{name}" for name in JUDGED)}
FROM unnest(%(id)s::bigint[], {", ".join(f"%({name})s::{COLUMNS[name]}[]" for name in JUDGED)}) AS n (id, {", ".join(JUDGED)})
WHERE i.id = n.id
"""  # noqa: S608
CHANGES = """
INSERT INTO version_changes (organization_id, site_id, at, source, report_id, id, module_id, kind, from_version, to_version)
SELECT %(organization)s, %(site)s, %(at)s, %(source)s, %(report)s, * FROM unnest(%(ids)s::uuid[], %(modules)s::bigint[],
    %(kinds)s::text[], %(before)s::text[], %(after)s::text[])
"""
VERSIONS = """
INSERT INTO module_versions (module_id, version, first_seen_at, released_at, is_security, is_supported, is_insecure)
SELECT DISTINCT ON (m, v) m, v, %(at)s::timestamptz, r.released_at, 'Security update' = ANY(r.terms), r.is_supported,
    'Insecure' = ANY(r.terms)
FROM unnest(%(modules)s::bigint[], %(versions)s::text[], %(projects)s::text[]) AS n (m, v, p)
LEFT JOIN project_feeds f ON f.project = n.p LEFT JOIN project_releases r ON r.feed_id = f.id AND r.version = n.v
WHERE v IS NOT NULL ORDER BY m, v, r.released_at ON CONFLICT DO NOTHING
"""
PROJECTS = """
INSERT INTO module_projects (project, module_id) SELECT DISTINCT p, m FROM unnest(%(projects)s::text[], %(modules)s::bigint[]) AS n (p, m)
ORDER BY p, m ON CONFLICT DO NOTHING
"""
MODULES = """
INSERT INTO modules (public_id, name, first_seen_at) SELECT *, %(at)s FROM unnest(%(ids)s::uuid[], %(names)s::text[])
ON CONFLICT (name) DO NOTHING
"""


def run(statement: str, values: Mapping[str, Any]) -> list[Any]:
    """Sends a statement in psycopg2's own terms, without building SQL first: this is the hot path."""
    result = db.session.connection().exec_driver_sql(statement, values)
    return list(result.all()) if result.returns_rows else []


def load_state(site_id: UUID, at: datetime | None = None) -> dict[str, State]:
    """What is installed on a site now, or was at a moment, by name."""
    found = run(PRESENT + (OPEN if at is None else THEN), {"site": site_id, "at": at})
    return {row[0]: State(*row) for row in found}


def load_intervals(site_id: UUID, module_ids: Sequence[int], since: datetime) -> list[State]:
    """The intervals of these modules on a site that end at a moment or later, in the order in which they began."""
    found = run(f"{PRESENT} {SINCE}", {"site": site_id, "modules": list(module_ids), "since": since}) if module_ids else []
    return [State(*row) for row in found]


def known_modules(names: Sequence[str], at: datetime) -> dict[str, int]:
    """The ids of modules by name; new names enter the catalogue, in one order everywhere so that no two reports wait for each other."""
    if not names:
        return {}
    found = dict(tuple(row) for row in run("SELECT name, id FROM modules WHERE name = ANY(%(names)s)", {"names": list(names)}))
    missing = sorted(set(names) - set(found))
    if missing:
        run(MODULES, {"ids": [new_id() for _ in missing], "names": missing, "at": at})
        found |= dict(tuple(row) for row in run("SELECT name, id FROM modules WHERE name = ANY(%(names)s)", {"names": missing}))
    return found


def close(ids: Sequence[int | None], at: datetime) -> None:
    """Ends intervals."""
    if ids:
        run("UPDATE installations SET valid_to = %(at)s WHERE id = ANY(%(ids)s)", {"ids": list(ids), "at": at})


def insert_intervals(organization_id: UUID, site_id: UUID, states: Sequence[State]) -> None:
    """Begins intervals."""
    if states:
        run(INSERT, {"organization": organization_id, "site": site_id, **_arrays(states, COLUMNS)})


def move_intervals(states: Sequence[State]) -> None:
    """Gives intervals other ends. No two may overlap on the way: the database looks after each row."""
    if states:
        run(MOVE, {"id": [state.id for state in states], **{name: [getattr(state, name) for state in states] for name in MOVED}})


def rewrite(states: Sequence[State]) -> None:
    """Writes what is said of modules whose interval goes on."""
    if states:
        run(REWRITE, {"id": [state.id for state in states], **_arrays(states, REWRITTEN)})


def rejudge(states: Sequence[State]) -> None:
    """Writes what judging has worked out of modules whose interval goes on."""
    if states:
        run(REJUDGE, {"id": [state.id for state in states], **_arrays(states, JUDGED)})


def _arrays(states: Sequence[State], columns: Iterable[str]) -> dict[str, list[Any]]:
    """The columns of these rows, each as an array."""
    return {name: [getattr(state, FIELDS.get(name, name)) for state in states] for name in columns}


def note_versions(states: Sequence[State], at: datetime) -> None:
    """Enters versions that were not seen before in the catalogue, with what the feed of their project says of them."""
    if states:
        run(VERSIONS, {"modules": [state.module_id for state in states], "versions": [state.version for state in states],
                       "projects": [state.project for state in states], "at": at})


def note_projects(states: Sequence[State]) -> None:
    """Enters which modules belong to a project of another name; core's own are known to be core's."""
    other = [state for state in states if state.project not in (None, "drupal", state.name)]
    if other:
        run(PROJECTS, {"projects": [state.project for state in other], "modules": [state.module_id for state in other]})


def steps_of(plan: Plan) -> list[VersionChange]:
    """The plan's steps from version to version."""
    return [*(VersionChange(state.module_id, state.name, None, state.version, "added") for state in plan.added),
            *(VersionChange(after.module_id, after.name, before.version, after.version, "updated") for before, after in plan.moved),
            *(VersionChange(state.module_id, state.name, state.version, None, "removed") for state in plan.removed)]


def insert_changes(organization_id: UUID, site_id: UUID, steps: Sequence[VersionChange], at: datetime, source: str,
                   report_id: UUID | None) -> None:
    """Lists steps in the site's history."""
    if steps:
        run(CHANGES, {"organization": organization_id, "site": site_id, "at": at, "source": source, "report": report_id,
                      "ids": [new_id() for _ in steps], "modules": [step.module_id for step in steps],
                      "kinds": [step.kind for step in steps], "before": [step.from_version for step in steps],
                      "after": [step.to_version for step in steps]})
