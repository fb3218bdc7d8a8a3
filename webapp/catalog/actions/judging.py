"""Verdicts: how each version that some site runs stands by its project's feed. Worked out once, kept, and worked out anew when
the feed says something else.

A feed whose verdicts have changed is `unsettled` until the sites that run its project have followed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from webapp.catalog.actions.marks import marked
from webapp.catalog.queries.feeds import feed_of, find_releases
from webapp.catalog.values.releases import CORE, FeedState, Line, ReleaseFeed, UpdateStatus, Verdict
from webapp.catalog.verdicts import calculate
from webapp.kit.db import execute, rows

Pair = tuple[str, str, int]
"""A project, a version, and for a development version when it was made (seconds since 1970; 0: not known, as core has it)."""
COLUMNS = {
    "version": "text", "datestamp": "bigint", "status": "integer", "rule": "text", "reason": "text", "extra_labels": "varchar[]",
    "install_type": "text",
    "recommended": "text", "latest_version": "text", "dev_version": "text", "latest_dev": "text", "also": "jsonb",
    "security_updates": "varchar[]", "update_available": "boolean", "security_update": "boolean",
}
NAMES = ", ".join(COLUMNS)
TYPED = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
FACTS = """v.id, f.project, f.state, v.version, v.datestamp, v.status, v.recommended, v.latest_version, v.update_available,
    v.security_update"""
FIND = f"""
SELECT {FACTS} FROM unnest(CAST(:projects AS text[]), CAST(:lines AS text[]), CAST(:versions AS text[]), CAST(:stamps AS bigint[]))
    AS n (project, line, version, datestamp)
JOIN project_feeds f ON f.project = n.project AND f.line = n.line
JOIN project_verdicts v ON v.feed_id = f.id AND v.version = n.version AND v.datestamp = n.datestamp
"""  # noqa: S608 (names from a constant)
NOTE_FEEDS = """
INSERT INTO project_feeds (project, line, due_at)
SELECT DISTINCT p, l, CAST(:at AS timestamptz) FROM unnest(CAST(:projects AS text[]), CAST(:lines AS text[])) AS n (p, l) ORDER BY p, l
ON CONFLICT DO NOTHING
"""
HOLD_FEEDS = """
SELECT f.* FROM project_feeds f JOIN unnest(CAST(:projects AS text[]), CAST(:lines AS text[])) AS n (p, l)
ON f.project = n.p AND f.line = n.l ORDER BY f.id FOR SHARE OF f
"""
ADD = f"""
INSERT INTO project_verdicts (feed_id, judged_at, marks, {NAMES})
SELECT feed_id, CAST(:at AS timestamptz), marks, {NAMES}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n (feed_id bigint, marks varchar[], {TYPED})
ORDER BY feed_id, version, datestamp ON CONFLICT DO NOTHING
"""  # noqa: S608
CHANGE = f"""
UPDATE project_verdicts v SET judged_at = CAST(:at AS timestamptz), {", ".join(f"{name} = n.{name}" for name in COLUMNS)}
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n ({TYPED}) WHERE v.feed_id = :feed AND v.version = n.version AND v.datestamp = n.datestamp
    AND ({", ".join(f"v.{name}" for name in COLUMNS)}) IS DISTINCT FROM ({", ".join(f"n.{name}" for name in COLUMNS)})
RETURNING v.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Standing:
    """What a site needs to know of a verdict. `is_foreign`: drupal.org does not have the project, so it is the site's own."""

    id: int
    status: UpdateStatus
    recommended: str | None
    latest_version: str | None
    update_available: bool | None
    security_update: bool | None
    is_foreign: bool = False


def line_of(project: str, version: str | None) -> Line:
    """The feed that judges a version: 7.x contrib says so in front, and core's own 7 has no prefix."""
    text = version or ""
    is_seven = text.startswith("7.x-") or (project == CORE and text.startswith("7."))
    return Line.SEVEN if is_seven else Line.CURRENT


def standings(pairs: Collection[Pair], at: datetime) -> dict[Pair, Standing]:
    """How these versions of projects stand; those that nobody has asked for are worked out now, and kept.

    One statement where all are known, which is nearly always so. A version that the site does not name is "".
    """
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    found = _find(wanted)
    missing = [pair for pair in wanted if pair not in found]
    if missing:
        _judge_first(missing, at)
        found |= _find(missing)
    return found


def _find(pairs: Sequence[Pair]) -> dict[Pair, Standing]:
    found = rows(FIND, **_arrays(pairs), versions=[version for _, version, _ in pairs], stamps=[stamp for *_, stamp in pairs])
    return {(row.project, row.version, row.datestamp): Standing(
        row.id, UpdateStatus(row.status), row.recommended, row.latest_version, row.update_available, row.security_update,
        row.state == FeedState.UNKNOWN) for row in found}


def _arrays(pairs: Sequence[Pair]) -> dict[str, list[str]]:
    return {"projects": [project for project, *_ in pairs], "lines": [line_of(project, version) for project, version, _ in pairs]}


def _judge_first(pairs: Sequence[Pair], at: datetime) -> None:
    """Works out verdicts that were not asked for before.

    The feeds are held meanwhile, so that no newer content comes between the reading and the writing.
    """
    execute(NOTE_FEEDS, **_arrays(pairs), at=at)
    feeds = {(row.project, row.line): row for row in rows(HOLD_FEEDS, **_arrays(pairs))}
    releases = find_releases([row.id for row in feeds.values() if row.releases_count])
    judged, marks = [], marked({(project, version) for project, version, _ in pairs})
    for project, version, datestamp in pairs:
        row = feeds[project, line_of(project, version)]
        judged.append({"feed_id": row.id, "marks": marks[project, version],
                       **_judged(row, feed_of(row, releases.get(row.id, [])), version, datestamp)})
    execute(ADD, rows=orjson.dumps(judged).decode(), at=at)


def judge_again(row: Any, at: datetime) -> list[int]:
    """Works out every verdict of a feed anew (the caller holds its row) and gives the ids of those that are other than before."""
    versions = rows("SELECT version, datestamp FROM project_verdicts WHERE feed_id = :feed ORDER BY version, datestamp", feed=row.id)
    if not versions:
        return []
    feed = feed_of(row, find_releases([row.id]).get(row.id, []))
    judged = [_judged(row, feed, each.version, each.datestamp) for each in versions]
    ids = [each.id for each in rows(CHANGE, rows=orjson.dumps(judged).decode(), feed=row.id, at=at)]
    if ids:
        execute("UPDATE project_feeds SET is_settled = false WHERE id = :feed", feed=row.id)
    return ids


def _judged(row: Any, feed: ReleaseFeed, version: str, datestamp: int) -> Mapping[str, Any]:
    """The columns of a verdict on one version, made at that time if it is a development version."""
    if row.state == FeedState.UNKNOWN:
        verdict = calculate(None, version)
        verdict.rule = "unknown_project" if verdict.rule == "no_releases" else verdict.rule
    elif row.content_hash is None:
        verdict = Verdict(calculate(None, version).install_type).settle(UpdateStatus.NOT_FETCHED, "not_fetched")
    else:
        verdict = calculate(feed, version, datestamp or None)
    assert verdict.status is not None
    return {
        "version": version, "datestamp": datestamp, "status": int(verdict.status), "rule": verdict.rule, "reason": verdict.reason,
        "extra_labels": verdict.extra_labels, "install_type": verdict.install_type, "recommended": verdict.recommended,
        "latest_version": verdict.latest_version, "dev_version": verdict.dev_version, "latest_dev": verdict.latest_dev,
        "also": verdict.also, "security_updates": verdict.security_updates, **advice(verdict, version),
    }


def advice(verdict: Verdict, version: str) -> dict[str, bool | None]:
    """Whether there is something to update to, and whether safety asks for it; None where the feed does not tell.

    Core keeps the two apart: a pending security release alone does not make a version "not secure". Here it is a security
    update all the same, since that is what has to be done.
    """
    if verdict.status is None or verdict.status < 0:
        return {"update_available": None, "security_update": None}
    target = verdict.recommended or next(iter(verdict.security_updates), None)
    is_behind = verdict.status is not UpdateStatus.CURRENT and target is not None and target != version
    return {"update_available": verdict.status is UpdateStatus.NOT_CURRENT or is_behind,
            "security_update": verdict.status is UpdateStatus.NOT_SECURE or bool(verdict.security_updates)}


