"""The yardstick: a report's rows written by hand-made SQL on one connection, one commit a report, nothing else done.

It is told what the server has to find out: which modules moved, from what, to what. It writes what the server writes,
as the same role behind the same walls and constraints.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import register_uuid

from tests.bench import fleet
from tests.bench.fleet import Round, Site
from webapp.fleet.actions.inventory import packed
from webapp.fleet.values import EVERYTHING
from webapp.kit.ids import new_id

SCOPE = "SELECT set_config('patchboard.organizations', %(organization)s, true)"
CLOSE = """
UPDATE installations SET valid_to = %(at)s WHERE site_id = %(site)s AND module_id = ANY(%(modules)s) AND valid_to IS
    NULL
"""
OPEN = """
INSERT INTO installations (organization_id, site_id, module_id, version, type, project, display_name, enabled, source,
    installed_at, valid_from, latest_version, recommended_version, update_available, security_update, said_at)
SELECT %(organization)s, %(site)s, m, v, t, p, d, true, 'extensions', %(at)s, %(at)s, v, v, false, false, %(at)s
FROM unnest(%(modules)s::bigint[], %(after)s::text[], %(types)s::text[], %(projects)s::text[], %(labels)s::text[]) AS
    n (m, v, t, p, d)
"""
VERSIONS = """
INSERT INTO module_versions (module_id, version, first_seen_at)
SELECT m, v, %(at)s FROM unnest(%(modules)s::bigint[], %(after)s::text[]) AS n (m, v) ON CONFLICT DO NOTHING
"""
CHANGES = """
INSERT INTO version_changes (id, at, organization_id, site_id, module_id, kind, from_version, to_version, source,
    report_id, patch_run_id)
SELECT i, %(at)s, %(organization)s, %(site)s, m, 'updated', b, a, 'report', %(report)s, %(run)s
FROM unnest(%(ids)s::uuid[], %(modules)s::bigint[], %(before)s::text[], %(after)s::text[]) AS n (i, m, b, a)
"""
RUN = """
INSERT INTO patch_runs (id, organization_id, site_id, started_at, finished_at, status, trigger, environment,
    updates_count, security_updates_count, evidence, evidence_at, evidence_report_id, created_at, created_by,
    updated_at, updated_by)
SELECT %(run)s, organization_id, id, last_report_at, %(at)s, 'success', 'inferred', environment, 15, 1, 'proven',
    %(at)s, %(report)s, %(at)s, %(run)s, %(at)s, %(run)s FROM sites WHERE id = %(site)s
"""
UPDATES = """
INSERT INTO patch_run_updates (patch_run_id, module, organization_id, from_version, to_version, security)
SELECT %(run)s, p, %(organization)s, b, a, s
FROM unnest(%(projects)s::text[], %(before)s::text[], %(after)s::text[], %(security)s::boolean[]) AS n (p, b, a, s)
"""
REPORT = """
INSERT INTO inventory_reports (id, received_at, organization_id, site_id, reported_at, formats, bytes, outcome,
    received, updated, speaks, document, ip, agent)
VALUES (%(report)s, %(at)s, %(organization)s, %(site)s, %(at)s, '{native}', %(bytes)s, 'accepted', 150, 15,
    CAST(%(speaks)s AS text[]), %(document)s, '127.0.0.1', 'bench')
"""
SITE = """
UPDATE sites SET last_report_at = %(at)s, silent_after = %(silent_after)s, updates_count = %(updates_count)s,
    security_updates_count = %(security_updates_count)s, condition = %(condition)s, condition_since = %(at)s,
    body_hash = %(hash)s, report_id = %(report)s, report_received_at = %(at)s
WHERE id = %(site)s
"""
AUDIT = """
INSERT INTO audit_log (id, at, actor_kind, actor_id, actor_label, action, resource_type, resource_id, organization_id,
    status, ip, user_agent, request_id, changes)
VALUES (%(audits[0])s, %(at)s, 'api_key', %(run)s, 'bench', 'inventory.recorded', 'site', %(site)s, %(organization)s,
    'success', '127.0.0.1', 'bench', %(request)s, '{"updated": [null, 15]}'), (%(audits[1])s, %(at)s, 'api_key',
    %(run)s, 'bench', 'patch_run.inferred', 'patch_run', %(run)s, %(organization)s, 'success', '127.0.0.1', 'bench',
    %(request)s, %(named)s)
"""
CHANGED = (SCOPE, CLOSE, OPEN, VERSIONS, CHANGES, RUN, UPDATES, REPORT, SITE, AUDIT)
SAME_SITE = "UPDATE sites SET last_report_at = %(at)s, silent_after = %(silent_after)s WHERE id = %(site)s"
SAME_REPORT = """
INSERT INTO inventory_reports (id, received_at, organization_id, site_id, reported_at, formats, bytes, outcome,
    received, speaks, ip, agent)
VALUES (%(report)s, %(at)s, %(organization)s, %(site)s, %(at)s, '{native}', %(bytes)s, 'unchanged', 150, CAST(%(speaks)s AS text[]),
    '127.0.0.1', 'bench')
"""
UNCHANGED = (SCOPE, SAME_SITE, SAME_REPORT)
SILENT_AFTER = timedelta(days=2, minutes=30)


class Yardstick:
    """Sends reports of some sites by hand."""

    def __init__(self, connection: Connection, sites: Round) -> None:
        self.connection, self.sites = connection, sites
        register_uuid(None, connection)
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT name, id FROM modules")
            self.ids: dict[str, int] = dict(cursor.fetchall())

    def changed(self, seconds: float, most: int) -> float:
        """Reports a second, each with 15 changed modules of 150."""
        done, took = self._for(seconds, most, lambda number: (CHANGED, self._values(*self.sites.changed(number))))
        self.sites.done += done
        return done / took

    def unchanged(self, seconds: float, most: int) -> float:
        """Reports a second that say nothing new."""
        done, took = self._for(seconds, most, lambda number: (UNCHANGED, self._same(*self.sites.unchanged(number))))
        return done / took

    def _for(self, seconds: float, most: int, nth: Any) -> tuple[int, float]:
        started, done = time.perf_counter(), 0
        with self.connection.cursor() as cursor:
            while done < most and time.perf_counter() - started < seconds:
                self._send(cursor, *nth(done))
                done += 1
        return done, time.perf_counter() - started

    def _send(self, cursor: Cursor, statements: tuple[str, ...], values: dict[str, Any]) -> None:
        for statement in statements:
            cursor.execute(statement, values)
        self.connection.commit()

    def _same(self, site: Site, state: int) -> dict[str, Any]:
        at = datetime.now(UTC)
        return {
            "organization": site.organization_id,
            "site": site.id,
            "at": at,
            "silent_after": at + SILENT_AFTER,
            "report": new_id(),
            "bytes": len(fleet.body(site.profile, state)),
            "speaks": sorted(EVERYTHING),
        }

    def _values(self, site: Site, state: int) -> dict[str, Any]:
        before, after = ([fleet.module(site.profile, place, each) for place in fleet.moved(state)] for each in (state - 1, state))
        body, run = fleet.body(site.profile, state), new_id()
        return self._same(site, state) | {
            "modules": [self.ids[each["name"]] for each in after],
            "after": [each["version"] for each in after],
            "before": [each["version"] for each in before],
            "types": [each["type"] for each in after],
            "projects": [each["project"] for each in after],
            "labels": [each["display_name"] for each in after],
            "security": [each["security_update"] for each in before],
            "ids": [new_id() for _ in after],
            "run": run,
            "document": packed(fleet.report(site.profile, state)),
            "hash": hashlib.sha256(body).digest(),
            "audits[0]": new_id(),
            "audits[1]": new_id(),
            "request": run.hex,
            "named": f'{{"updates": [null, ["{"".join(each["name"] for each in after)}"]]}}',
            **fleet.numbers(site.profile, state),
        }
