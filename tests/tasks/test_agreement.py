"""Whatever order reports, advisories and decisions come in, tasks of rules and findings say the same at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories
from tests.conftest import empty
from tests.exposure.conftest import advisory, work
from webapp.catalog.actions.advisories import import_advisories
from webapp.exposure.actions.settling import settle_report
from webapp.kit.clock import now
from webapp.kit.db import db, rows
from webapp.kit.permissions import SYSTEM
from webapp.tasks.models import TaskRule

BASE = datetime(2026, 3, 1, tzinfo=UTC)
STATES = """
SELECT e.ended_at, e.enabled, e.closed_report_id, t.status, t.closed_by, t.report_id, t.completed_at
FROM (SELECT DISTINCT ON (site_id, advisory_id) * FROM exposures ORDER BY site_id, advisory_id, n DESC) e
LEFT JOIN tasks t ON t.site_id = e.site_id AND t.advisory_id = e.advisory_id
"""
ORPHANS = """
SELECT 1 FROM tasks t WHERE t.status IN ('pending', 'in_progress') AND NOT EXISTS (
    SELECT 1 FROM exposures e WHERE e.site_id = t.site_id AND e.advisory_id = t.advisory_id AND e.ended_at IS NULL AND e.enabled IS NOT FALSE)
"""
REPORT = st.tuples(st.just("report"), st.integers(0, 9), st.sampled_from(("1.0.0", "1.1.0", "2.0.0", None)), st.booleans())
ADVISORY = st.tuples(st.just("advisory"), st.integers(0, 9), st.sampled_from(("<1.1.0", "<2.0.0", ">=2.0.0")), st.integers(1, 2))


@settings(max_examples=25)
@given(events=st.lists(st.one_of(REPORT, ADVISORY), min_size=2, max_size=8))
def test_tasks_and_findings_agree_at_every_step(app: Any, events: list[Any]) -> None:
    empty(app)
    with factories.writing(app):
        place = factories.organization()
        site = factories.site(place)
        db.session.add(TaskRule(organization_id=place.id, name="All"))
    for kind, day, what, more in events:
        if kind == "report":
            _report(app, site, what, more, BASE + timedelta(days=day))
        else:
            record = advisory(f"SA-CONTRIB-2026-{more:03}", ("webform", what), published=BASE + timedelta(days=day))
            with factories.writing(app):
                import_advisories([record], now())
            work(app)
        _agree(app)


def _report(app: Any, site: Any, version: str | None, enabled: bool, at: datetime) -> None:
    modules = {"node": "1.0.0", **({"webform": factories.module("webform", version, enabled=enabled)} if version else {})}
    with factories.writing(app):
        recorded = factories.reported(site, modules, at)
        settle_report(SYSTEM, recorded.site, recorded.changes.packages, now())


def _agree(app: Any) -> None:
    with factories.writing(app):
        found, orphans = rows(STATES), rows(ORPHANS)
    assert orphans == []
    for row in found:
        stands = row.ended_at is None and row.enabled is not False
        if stands:
            assert row.status == "pending", row
        elif row.status is not None and row.ended_at is not None:
            assert (row.status, row.closed_by, row.report_id, row.completed_at) == ("completed", "evidence", row.closed_report_id, row.ended_at), row
        elif row.status is not None:
            assert (row.status, row.closed_by) == ("cancelled", "evidence"), row
