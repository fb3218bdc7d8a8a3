"""Any order and any repetition of reports and advisories ends in the same exposures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories
from tests.conftest import empty
from tests.exposure.conftest import advisory, found, work
from webapp.catalog.actions.advisories import import_advisories
from webapp.exposure.actions.settling import settle_report
from webapp.kit.clock import now
from webapp.kit.permissions import SYSTEM

BASE = datetime(2026, 3, 1, tzinfo=UTC)
VERSIONS = ("1.0.0", "1.1.0", "2.0.0", "2.1.0-beta1", "built by hand", None)
CONSTRAINTS = ("<1.1.0", "<2.0.0", ">=2.0.0 <2.1.0", "<1.1.0 || 2.0.0")

REPORTS = st.dictionaries(st.integers(0, 9), st.tuples(st.sampled_from(VERSIONS), st.sampled_from(VERSIONS)), min_size=1, max_size=5)
ADVISORIES = st.dictionaries(st.integers(1, 3), st.tuples(st.integers(0, 9), st.sampled_from(CONSTRAINTS), st.sampled_from(("webform", "token"))),
                             min_size=1, max_size=3)


@settings(max_examples=20)
@given(reports=REPORTS, advisories=ADVISORIES, data=st.data())
def test_any_order_and_repetition_ends_the_same(app: Any, reports: dict[int, Any], advisories: dict[int, Any], data: st.DataObject) -> None:
    events = [*(("report", key) for key in reports), *(("advisory", key) for key in advisories)]
    orders = [events, data.draw(st.permutations(events)), data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=3))]))]
    ends = []
    for order in orders:
        empty(app)
        ends.append(_replay(app, order, reports, advisories))
    assert ends[0] == ends[1] == ends[2]


def _replay(app: Any, order: list[tuple[str, int]], reports: dict[int, Any], advisories: dict[int, Any]) -> list[Any]:
    with factories.writing(app):
        site = factories.site(factories.organization())
    for kind, key in order:
        if kind == "report":
            _report(app, site, reports[key], BASE + timedelta(days=key))
        else:
            published, constraint, package = advisories[key]
            record = advisory(f"SA-CONTRIB-2026-{key:03}", (package, constraint), published=BASE + timedelta(days=published))
            with factories.writing(app):
                import_advisories([record], now())
            work(app)
    return [(row.advisory, row.n, row.version, row.fixed_version, row.enabled, row.started_at, row.ended_at) for row in found(app)]


def _report(app: Any, site: Any, versions: tuple[str | None, str | None], at: datetime) -> None:
    """A full report: what has no version here is not there at all."""
    there = {name: version for name, version in zip(("webform", "token"), versions, strict=True) if version is not None}
    with factories.writing(app):
        recorded = factories.reported(site, {"node": "1.0.0", **there}, at)
        settle_report(SYSTEM, recorded.site, recorded.changes.packages, now())
