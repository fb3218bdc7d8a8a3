"""Advisories, and what a worker does about them at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests import factories
from webapp.catalog.actions.advisories import import_advisories
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of
from webapp.exposure.actions.evaluation import evaluate
from webapp.kit.clock import now
from webapp.kit.db import rows

RISKS = {"critical": "AC:None/A:None/CI:All/II:All/E:Exploit/TD:All", "low": "AC:Complex/A:Admin/CI:None/II:None/E:Theoretical/TD:Uncommon"}


def publish(app: Any, name: str, package: str, constraint: str, at: datetime, severity: str = "critical") -> None:
    """Imports an advisory, and sets the clocks of all sites."""
    record = AdvisoryRecord(source="osv-drupal", source_id=name, ids=ids_of([name]), published_at=at, risk=RISKS[severity],
                            affected=(Affected(package, constraint),))
    with factories.writing(app):
        import_advisories([record], now())
    with factories.writing(app):
        ids = [row.id for row in rows("SELECT id FROM advisories")]
    with app.app_context():
        evaluate(ids, now())
