"""Patch runs in numbers: totals, trend, update lag and deadlines, computed again here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests import factories
from webapp.kit.clock import stamp
from webapp.kit.db import execute

PATH = "/reports/patch-run"
UNKNOWN = "01890000-0000-7000-8000-000000000000"


def report(caller: Any, **query: Any) -> Any:
    answer = caller.get(PATH, **query)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def test_totals_are_what_was_posted(cast: Any, fleet: Any, post_run: Any) -> None:
    one, two = fleet
    post_run(one, factories.ago(days=1), updates=3, security=1)
    post_run(one, factories.ago(days=2), updates=2)
    post_run(two, factories.ago(days=1), updates=4, security=2)
    assert report(cast.viewer)["totals"] == {"runs": 3, "updates": 9, "security_updates": 3, "success_rate": 1.0, "sites": 2}


def test_the_success_rate_is_the_fraction_of_successes(cast: Any, fleet: Any, post_run: Any) -> None:
    for day, status in enumerate(("success", "success", "partial", "failed", "rolled_back", "success"), 1):
        post_run(fleet[0], factories.ago(days=day), status)
    assert report(cast.viewer)["totals"]["success_rate"] == 0.5


def test_nothing_is_null_and_not_zero(cast: Any) -> None:
    data = report(cast.viewer)
    assert data["totals"] == {"runs": 0, "updates": 0, "security_updates": 0, "success_rate": None, "sites": 0}
    assert (data["update_lag"]["median_hours"], data["update_lag"]["p90_hours"]) == (None, None)
    assert set(data["update_lag"]["by_severity"]) == {"critical", "high", "moderate", "low", "unknown"}
    assert data["sla"] == {"within": 0, "breached": 0, "open_overdue": 0, "percentage": None}
    assert [data[name] for name in ("trend", "by_site", "by_module", "by_team")] == [[], [], [], []]


def test_parts_add_up_to_the_totals(cast: Any, fleet: Any, post_run: Any) -> None:
    for day in range(1, 10):
        post_run(fleet[day % 2], factories.ago(days=day), updates=1 + day % 3, security=day % 2)
    for granularity in ("day", "week", "month"):
        data = report(cast.viewer, granularity=granularity)
        for name in ("runs", "updates", "security_updates"):
            for part in ("trend", "by_site", "by_team"):
                assert sum(row[name] for row in data[part]) == data["totals"][name], (granularity, part, name)
        assert sum(row["updates"] for row in data["by_module"]) == data["totals"]["updates"]
    assert [row["site"]["name"] for row in data["by_site"]] == ["Beta", "Alpha"]


def test_a_run_lies_where_it_finished_and_the_window_is_half_open(cast: Any, fleet: Any, post_run: Any) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for days in range(3):
        post_run(fleet[0], noon + timedelta(days=days))
    count = [({}, 3), ({"from": stamp(noon)}, 3), ({"from": stamp(noon + timedelta(seconds=1))}, 2), ({"to": stamp(noon)}, 0),
             ({"to": "2026-03-10"}, 1), ({"from": "2026-03-11", "to": "2026-03-11"}, 1), ({"from": "2026-03-13"}, 0)]
    for query, wanted in count:
        assert report(cast.viewer, **query)["totals"]["runs"] == wanted, query


def test_weeks_begin_on_monday_and_quiet_periods_are_shown(cast: Any, fleet: Any, post_run: Any) -> None:
    sunday = datetime(2026, 3, 8, 23, 59, tzinfo=UTC)
    for at in (sunday, sunday + timedelta(minutes=2), sunday + timedelta(days=20)):
        post_run(fleet[0], at)
    weeks = report(cast.viewer, granularity="week")["trend"]
    assert [(row["period"], row["runs"]) for row in weeks] == [
        ("2026-03-02", 1), ("2026-03-09", 1), ("2026-03-16", 0), ("2026-03-23", 1)]
    assert weeks[2]["success_rate"] is None
    assert {date.fromisoformat(row["period"]).weekday() for row in weeks} == {0}
    assert [row["period"] for row in report(cast.viewer)["trend"]] == ["2026-03-01"]


def test_filters(cast: Any, fleet: Any, post_run: Any) -> None:
    one, two = fleet
    post_run(one, factories.ago(days=1))
    post_run(two, factories.ago(days=1), updates=2)
    for name in ("site", "site_id"):
        assert report(cast.viewer, **{name: str(two.id)})["totals"]["updates"] == 2
    for name in ("organization", "organization_id"):
        assert report(cast.root, **{name: str(cast.organization.id)})["totals"]["runs"] == 2
        assert report(cast.root, **{name: str(cast.elsewhere.id)})["totals"]["runs"] == 0
    assert report(cast.viewer, team_id=UNKNOWN)["totals"]["runs"] == 0


@pytest.mark.parametrize("query", [{"granularity": "minute"}, {"from": "yesterday"}, {"site_id": "x"}, {"colour": "red"},
                                   {"from": "2026-03-02", "to": "2026-03-01"}])
def test_nonsense_is_refused(cast: Any, query: dict[str, str]) -> None:
    answer = cast.viewer.get(PATH, **query)
    assert (answer.status_code, answer.json["error"]) == (422, "validation_error")


def test_strangers_and_site_keys_see_only_their_own(cast: Any, fleet: Any, post_run: Any) -> None:
    post_run(fleet[0], factories.ago(days=1))
    post_run(fleet[1], factories.ago(days=1))
    for query in ({}, {"organization_id": str(cast.organization.id)}, {"site_id": str(fleet[0].id)}):
        assert report(cast.stranger, **query)["totals"]["runs"] == 0
        assert "Alpha" not in cast.stranger.get(PATH, **query).text
    key = cast.key("read", site=fleet[0])
    assert report(key)["totals"]["runs"] == 1
    assert report(key, site_id=str(fleet[1].id))["totals"]["runs"] == 0
    assert cast.key(site=fleet[0]).get(PATH).status_code == 403


# ---- update lag and deadlines

RELEASED = datetime(2026, 2, 2, 12, tzinfo=UTC)


def updated(app: Any, place: Any, hours: float, to: str = "1.1.0", before: str = "1.0.0", released: bool = True,
            security: bool = False) -> None:
    """A site that shows a version so many hours after its release."""
    with factories.writing(app):
        site = factories.site(place)
        factories.reported(site, {"webform": before}, at=RELEASED - timedelta(days=1))
        factories.reported(site, {"webform": to}, at=RELEASED + timedelta(hours=hours))
        if released:
            execute("UPDATE module_versions SET released_at = :at, is_security = :security WHERE version = :version",
                    at=RELEASED, security=security, version=to)


def test_lag_is_median_and_ninetieth_percentile_of_reports_after_the_release(app: Any, cast: Any) -> None:
    for hours in (5, 20, 33, 90):
        updated(app, cast.organization, hours)
    data = report(cast.viewer)
    assert (data["update_lag"]["median_hours"], data["update_lag"]["p90_hours"]) == (26.5, 72.9)
    assert data["update_lag"]["updates"] == 4
    assert data["trend"][0]["median_lag_hours"] == 26.5
    assert report(cast.viewer, **{"from": "2026-03-01"})["update_lag"]["median_hours"] is None
    assert report(cast.stranger)["update_lag"]["median_hours"] is None


def test_steps_down_and_unknown_release_dates_have_no_lag(app: Any, cast: Any) -> None:
    updated(app, cast.organization, 5)
    updated(app, cast.organization, 500, to="0.9.0", before="1.1.0")
    updated(app, cast.organization, 700, to="2.0.0", released=False)
    assert report(cast.viewer)["update_lag"]["median_hours"] == 5


def test_security_updates_are_judged_by_the_deadline_of_their_organization(app: Any, cast: Any) -> None:
    for hours in (5, 47, 200):
        updated(app, cast.organization, hours, security=True)
    assert report(cast.viewer)["sla"] == {"within": 0, "breached": 0, "open_overdue": 0, "percentage": None}
    cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"sla_days": {"high": 2}}})
    data = report(cast.viewer)
    assert data["sla"] == {"within": 2, "breached": 1, "open_overdue": 0, "percentage": 66.67}
    assert data["update_lag"]["by_severity"]["unknown"]["median_hours"] == 47
    assert data["update_lag"]["by_severity"]["high"]["median_hours"] is None


def test_open_security_updates_past_the_deadline_are_overdue(app: Any, cast: Any) -> None:
    cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"sla_days": {"high": 2}}})
    with factories.writing(app):
        for days in (1, 3, 5):
            site = factories.site(cast.organization)
            factories.reported(site, {"webform": factories.module("webform", "1.0.0", "1.1.0", security=True)}, at=factories.ago(days=days))
    assert report(cast.viewer)["sla"]["open_overdue"] == 2


def test_the_number_of_statements_does_not_grow(app: Any, cast: Any, fleet: Any, post_run: Any) -> None:
    from tests.reports.counting import statements

    updated(app, cast.organization, 5)
    few = statements(app, lambda: report(cast.viewer))
    for day in range(1, 20):
        post_run(fleet[day % 2], factories.ago(days=day))
    assert statements(app, lambda: report(cast.viewer)) == few
