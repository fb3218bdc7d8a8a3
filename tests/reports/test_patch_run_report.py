"""Patch runs in numbers: totals, trend, update lag and deadlines, computed again here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests import factories
from tests.exposure.conftest import advisory, evaluate
from webapp.catalog.actions.advisories import import_advisories
from webapp.kit.clock import stamp
from webapp.kit.db import ALL, execute, rows, unit_of_work

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


# ---- advisories and deadlines

PUBLISHED = RELEASED + timedelta(hours=2)


def holed(app: Any, place: Any, hours: float | None, severity: str = "high", **fields: Any) -> Any:
    """A site open to an advisory of that severity, so many hours after its publication updated; None: not updated."""
    with factories.writing(app):
        site = factories.site(place, **fields)
        factories.reported(site, {f"{severity}_mod": "1.0.0"}, at=RELEASED - timedelta(days=1))
        import_advisories([advisory(f"SA-CONTRIB-2026-{sum(severity.encode()):03}", (f"{severity}_mod", "<1.1.0"), rating=severity,
                                    published=PUBLISHED)], PUBLISHED)
        if hours is not None:
            factories.reported(site, {f"{severity}_mod": "1.1.0"}, at=PUBLISHED + timedelta(hours=hours))
    with app.app_context(), unit_of_work(ALL):
        known = [row.id for row in rows("SELECT id FROM advisories")]
    with app.app_context():
        evaluate(known, factories.ago())
    return site


def test_security_updates_lag_behind_the_publication_by_severity(app: Any, cast: Any) -> None:
    updated(app, cast.organization, 9, security=True)
    for hours in (5, 47):
        holed(app, cast.organization, hours)
    holed(app, cast.organization, 200, "low")
    lag = report(cast.viewer)["update_lag"]
    assert {name: each["median_hours"] for name, each in lag["by_severity"].items()} == {
        "critical": None, "high": 26, "moderate": None, "low": 200, "unknown": 9}
    assert (lag["updates"], lag["median_hours"]) == (4, 28)


def test_what_was_closed_is_judged_by_the_deadline_that_holds(app: Any, cast: Any) -> None:
    """Seven days for high where the organization has set none, and two where it has."""
    assert report(cast.viewer)["sla"] == {"within": 0, "breached": 0, "open_overdue": 0, "percentage": None}
    for hours in (5, 47, 200):
        holed(app, cast.organization, hours)
    assert report(cast.viewer)["sla"] == {"within": 2, "breached": 1, "open_overdue": 0, "percentage": 66.67}
    cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"sla_days": {"high": 1}}})
    holed(app, cast.organization, 30)
    sla = report(cast.viewer)["sla"]
    assert (sla["within"], sla["breached"]) == (2, 2)
    assert report(cast.viewer, to=stamp(PUBLISHED + timedelta(hours=31)))["sla"]["percentage"] == 50
    assert report(cast.viewer, **{"from": stamp(PUBLISHED + timedelta(days=30))})["sla"]["percentage"] is None


def test_late_ones_are_those_of_the_list_behind_the_number(app: Any, cast: Any) -> None:
    late = [holed(app, cast.organization, None) for _ in range(2)]
    holed(app, cast.organization, 5, "low")
    holed(app, cast.elsewhere, None)
    for query in ({}, {"site_id": str(late[0].id)}):
        count = report(cast.viewer, **query)["sla"]["open_overdue"]
        assert count == cast.viewer.get("/exposures", overdue="true", runs="true", **query).json["meta"]["total"] == 2 - len(query)
    found = cast.viewer.get("/exposures", state="open").json["data"][0]
    cast.member.post(f"/exposures/{found['id']}/accept", {"reason": "Switched off.", "expires_at": stamp(factories.ago(days=-9))})
    assert report(cast.viewer)["sla"]["open_overdue"] == 1


def test_the_number_of_statements_does_not_grow(app: Any, cast: Any, fleet: Any, post_run: Any) -> None:
    from tests.statements import statements

    updated(app, cast.organization, 5)
    few = statements(app, lambda: report(cast.viewer))
    for day in range(1, 20):
        post_run(fleet[day % 2], factories.ago(days=day))
    assert statements(app, lambda: report(cast.viewer)) == few
