"""Advisories of the tests' own, and a site that reports what they are about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests import factories, outbox
from webapp.catalog.actions.advisories import Imported, import_advisories
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of
from webapp.exposure.actions.evaluation import evaluate
from webapp.kit.clock import now
from webapp.kit.db import rows

START = factories.ago()
FOUND = """
SELECT s.name AS site, a.name AS advisory, e.n, e.version, e.fixed_version, e.enabled, e.started_at, e.ended_at,
    e.opened_report_id IS NOT NULL AS has_opening, e.closed_report_id IS NOT NULL AS has_closing
FROM exposures e JOIN sites s ON s.id = e.site_id JOIN advisories a ON a.id = e.advisory_id ORDER BY s.name, a.name, e.n
"""


def ago(**delta: float) -> datetime:
    """A time in the past, the same however often it is asked for."""
    return START - timedelta(**delta)


def advisory(name: str, *affected: tuple[str, str], published: datetime | None = None, source: str = "osv-drupal", **fields: Any) -> AdvisoryRecord:
    """A record of an advisory about `(package, constraint)` pairs."""
    return AdvisoryRecord(source=source, source_id=fields.pop("source_id", name), ids=ids_of([name, *fields.pop("aliases", ())]),
                          published_at=published, affected=tuple(Affected(*each) for each in affected), **fields)


@pytest.fixture
def publish(app: Any) -> Callable[..., Imported]:
    """Imports records, and does at once what a worker would do about them."""

    def import_now(*records: AdvisoryRecord) -> Imported:
        with factories.writing(app):
            done = import_advisories(records, now())
        work(app)
        return done

    return import_now


def work(app: Any) -> None:
    """Does the evaluations that wait, as a worker does."""
    outbox.work(app, "exposure.evaluate")


def found(app: Any) -> list[Any]:
    """Every exposure, as it stands in the table."""
    with factories.writing(app):
        return rows(FOUND)


__all__ = ["advisory", "ago", "evaluate", "found", "publish", "work"]
