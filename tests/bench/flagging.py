"""One advisory on the most-installed module: what a worker does from its import until every affected site is flagged.

Run as a process of its own with the environment of the stand, as a worker is; it prints one JSON object. The yardstick is the
same rows (an exposure and an audit row a site, the sites' counts) by three statements in one transaction, which is rolled back.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from webapp import create_app
from webapp.catalog.actions.advisories import import_advisories
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of
from webapp.exposure.actions.evaluation import evaluate
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, execute, rollback, rows, unit_of_work

MOST_INSTALLED = """
SELECT m.name, count(*) AS sites FROM installations i JOIN modules m ON m.id = i.module_id
WHERE i.valid_to IS NULL AND i.version IS NOT NULL GROUP BY m.name ORDER BY count(*) DESC, m.name LIMIT 1
"""
BY_HAND = (
    """INSERT INTO exposures SELECT gen_random_uuid(), organization_id, site_id, advisory_id, module_id, n + 1, version, fixed_version, enabled,
        started_at, ended_at, due_at, opened_report_id, closed_report_id, decision_id, created_at, updated_at
       FROM exposures WHERE advisory_id = :advisory""",
    """INSERT INTO audit_log SELECT gen_random_uuid(), now(), actor_kind, actor_id, actor_label, action, resource_type, resource_id,
        organization_id, status, ip, user_agent, request_id, changes, mac
       FROM audit_log WHERE action = 'exposure.opened' AND at >= :since""",
    "UPDATE sites SET exposures_count = exposures_count + 1 WHERE id IN (SELECT site_id FROM exposures WHERE advisory_id = :advisory)")


def flag() -> dict[str, Any]:
    """Imports one advisory, and flags the sites that it reaches; seconds, sites, and the yardstick's seconds."""
    enter_scope(ALL)
    module = rows(MOST_INSTALLED)[0]
    number = rows("SELECT count(*) AS n FROM advisories")[0].n
    rollback()
    since, name = now(), f"SA-CONTRIB-2099-{number + 1:03}"
    record = AdvisoryRecord("osv-drupal", name, ids_of([name]), published_at=since, affected=(Affected(module.name, ">=0"),))
    began = time.perf_counter()
    with unit_of_work(ALL):
        done = import_advisories([record], since)
    settled = evaluate(done.ids, now())
    took = time.perf_counter() - began
    enter_scope(ALL)
    advisory = rows("SELECT id, public_id FROM advisories WHERE name = :name", name=name)[0]
    began = time.perf_counter()
    for statement in BY_HAND:
        execute(statement, advisory=advisory.id, since=since)
    by_hand = time.perf_counter() - began
    rollback()
    return {"seconds": took, "yardstick": by_hand, "sites": len(settled.sites), "module": module.name, "advisory": str(advisory.public_id)}


if __name__ == "__main__":
    with create_app().app_context():
        sys.stdout.write("\n" + json.dumps(flag()) + "\n")
