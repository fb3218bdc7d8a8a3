"""Letting sites follow the verdicts: when a feed says something else, what each site needs is worked out anew, set by set.

Sites are held in one order before anything else is read, as a report holds its site first: neither can wait for the other in a
circle. A feed stays unsettled until all of its sites have followed, so that what was interrupted is taken up again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.catalog.actions.judging import Standing
from webapp.catalog.values.releases import FeedState, UpdateStatus, feeds_kept
from webapp.fleet.actions.comparison import State
from webapp.fleet.actions.judging import OPEN, UNSUPPORTED, condition_of, datestamps, facts_of, judge, leaders, settle
from webapp.fleet.actions.writing import STATE, rejudge, run
from webapp.kit.db import ALL, execute, rows, unit_of_work

PORTION = 500
UNSETTLED = "SELECT id, CAST(xmin AS text) AS seen FROM project_feeds WHERE NOT is_settled ORDER BY id"
# Only where nobody has written the row since: what came meanwhile is followed the next time.
SETTLED = "UPDATE project_feeds SET is_settled = true WHERE id = :feed AND CAST(xmin AS text) = :seen"
SITES = """
SELECT DISTINCT i.site_id FROM installations i JOIN project_verdicts v ON v.id = i.verdict_id
WHERE v.feed_id = :feed AND i.valid_to IS NULL ORDER BY i.site_id
"""
STRAYS = """
SELECT DISTINCT site_id FROM installations WHERE valid_to IS NULL AND verdict_id IS NULL AND type <> 'library'
    AND (project IS NOT NULL OR type = 'core') ORDER BY site_id LIMIT :most
"""
HOLD = "SELECT id FROM sites WHERE id = ANY(:sites) ORDER BY id FOR UPDATE"
STATES = f"SELECT i.site_id, {STATE} FROM installations i JOIN modules m ON m.id = i.module_id WHERE "  # noqa: S608 (names from a constant)
OF_FEED = "i.site_id = ANY(%(sites)s) AND i.valid_to IS NULL AND i.verdict_id IN (SELECT id FROM project_verdicts WHERE feed_id = %(feed)s)"
OF_SITES = "i.site_id = ANY(%(sites)s) AND i.valid_to IS NULL"
VERDICTS = """
SELECT v.id, v.status, v.recommended, v.latest_version, v.update_available, v.security_update, f.state
FROM project_verdicts v JOIN project_feeds f ON f.id = v.feed_id WHERE v.feed_id = :feed
"""
COUNTS = """
SELECT s.id, s.condition, count(*) FILTER (WHERE i.security_update) AS security,
    count(*) FILTER (WHERE i.update_available OR i.security_update) AS updates,
    count(*) FILTER (WHERE i.update_available IS NOT NULL OR i.security_update IS NOT NULL) AS judged,
    count(*) FILTER (WHERE i.status = ANY(:unsupported)) AS unsupported,
    count(*) FILTER (WHERE i.update_available IS NULL AND (i.project IS NOT NULL OR i.type = 'core')
        AND CASE WHEN i.status IS NULL THEN i.verdict_id IS NULL ELSE i.status = ANY(:open) END) AS unjudged
FROM sites s JOIN installations i ON i.site_id = s.id AND i.valid_to IS NULL AND i.enabled IS NOT FALSE
WHERE s.id = ANY(:sites) AND s.last_report_at IS NOT NULL GROUP BY s.id
"""
NUMBERS = """
UPDATE sites s SET updates_count = n.updates, security_updates_count = n.security, unjudged_count = n.unjudged, condition = n.condition,
    condition_since = CASE WHEN s.condition = n.condition THEN s.condition_since ELSE CAST(:at AS timestamptz) END
FROM unnest(CAST(:ids AS uuid[]), CAST(:updates AS int[]), CAST(:security AS int[]), CAST(:unjudged AS int[]), CAST(:conditions AS text[]))
    AS n (id, updates, security, unjudged, condition)
WHERE s.id = n.id AND (s.updates_count, s.security_updates_count, s.unjudged_count, s.condition)
    IS DISTINCT FROM (n.updates, n.security, n.unjudged, n.condition)
"""


def settle_feeds(at: datetime) -> int:
    """Lets the sites follow every feed that has changed verdicts; gives how many feeds there were. Commits after each."""
    with unit_of_work(ALL):
        feeds = rows(UNSETTLED)
    for feed in feeds:
        with unit_of_work(ALL):
            sites = [row.site_id for row in rows(SITES, feed=feed.id)]
            for start in range(0, len(sites), PORTION):
                _follow(feed.id, sites[start:start + PORTION], at)
            execute(SETTLED, feed=feed.id, seen=feed.seen)
    return len(feeds)


def adopt_strays(at: datetime, most: int = PORTION) -> int:
    """Judges what no verdict is known of yet, such as reports from before there were feeds; gives how many sites there were."""
    with unit_of_work(ALL):
        sites = [row.site_id for row in rows(STRAYS, most=most)]
        if not sites:
            return 0
        execute(HOLD, sites=sites)
        changed: list[State] = []
        for states in _by_site(run(STATES + OF_SITES, {"sites": sites})).values():
            before = [facts_of(state) for state in states]
            judge(states, leaders(states), datestamps(states), at)
            changed += [state for state, facts in zip(states, before, strict=True) if facts_of(state) != facts]
        rejudge(changed)
        count_again(sites, at)
    return len(sites)


def _follow(feed_id: int, sites: Sequence[UUID], at: datetime) -> None:
    """Works out anew what these sites need of one project."""
    execute(HOLD, sites=list(sites))
    found = {row.id: Standing(row.id, UpdateStatus(row.status), row.recommended, row.latest_version, row.update_available,
                              row.security_update, row.state == FeedState.UNKNOWN) for row in rows(VERDICTS, feed=feed_id)}
    changed: list[State] = []
    affected: set[UUID] = set()
    of_feed = run(STATES + OF_FEED, {"sites": list(sites), "feed": feed_id})
    for site_id, states in _by_site(of_feed).items():
        leading = leaders(states)
        for state in states:
            before = facts_of(state)
            settle(state, found.get(state.verdict_id or 0), leads=state.name in leading)
            if facts_of(state) != before:
                changed.append(state)
                affected.add(site_id)
    rejudge(changed)
    count_again(sorted(affected), at)


def _by_site(found: Iterable[Any]) -> dict[UUID, list[State]]:
    states: dict[UUID, list[State]] = defaultdict(list)
    for row in found:
        states[row[0]].append(State(*row[1:]))
    return states


def count_again(sites: Sequence[UUID], at: datetime) -> None:
    """Counts what these sites need, and sets their condition; a site that never reported has none."""
    counts = rows(COUNTS, sites=list(sites), unsupported=sorted(UNSUPPORTED), open=sorted(OPEN)) if sites else []
    if counts:
        execute(NUMBERS, at=at, ids=[row.id for row in counts], updates=[row.updates for row in counts],
                security=[row.security for row in counts], unjudged=[row.unjudged for row in counts],
                conditions=[condition_of(row._mapping) for row in counts])


@feeds_kept.connect
def _follow_feeds(sender: object, at: datetime) -> None:
    settle_feeds(at)
