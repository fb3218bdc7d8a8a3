"""A site's own rhythm: learned from its reports; late before it is silent, and recovered after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests import factories
from tests.factories import ago
from webapp.fleet.actions.cadence import learn_cadences
from webapp.kit.clock import now

HOUR = timedelta(hours=1)


def reports_hourly(app: Any, site: Any, hours: int) -> None:
    """Reports that came once an hour until an hour ago, each other than the one before."""
    start = now() - (hours + 1) * HOUR
    for number in range(hours):
        with time_machine.travel(start + number * HOUR, tick=False), factories.writing(app):
            factories.reported(site, {"webform": factories.module("webform", f"6.2.{number}", judged=True)})


@pytest.fixture
def reader(cast: Any) -> Any:
    """A key, for access tokens do not live as long as these tests travel."""
    return cast.key("read")


def look(reader: Any, site: Any) -> tuple[str, str, int | None]:
    row = reader.get(f"/sites/{site.id}").json["data"]
    return row["reporting"], row["status"], row["usual_interval_minutes"]


def learn(app: Any) -> int:
    with factories.writing(app):
        return learn_cadences()


def test_a_site_that_falls_out_of_its_rhythm_is_late_before_it_is_silent(app: Any, cast: Any, reader: Any) -> None:
    with factories.writing(app):
        site = factories.site(cast.organization, name="Hourly")
    assert look(reader, site) == ("never", "unknown", None)
    reports_hourly(app, site, 8)
    assert look(reader, site) == ("on_time", "ok", None)
    assert learn(app) == 1
    assert learn(app) == 0, "nothing new"
    assert look(reader, site) == ("on_time", "ok", 60)
    with time_machine.travel(now() + 3 * HOUR):
        assert look(reader, site) == ("late", "ok", 60)
        assert [row["name"] for row in reader.get("/sites", reporting="late").json["data"]] == ["Hourly"]
    with time_machine.travel(now() + 50 * HOUR):
        assert look(reader, site) == ("silent", "silent", 60)
        with factories.writing(app):
            factories.reported(site, {"webform": factories.module("webform", "6.3.0", judged=True)})
        assert look(reader, site) == ("recovered", "ok", 60)
    with time_machine.travel(now() + 51 * HOUR):
        assert [row["name"] for row in reader.get("/sites", reporting="recovered").json["data"]] == ["Hourly"]


def test_too_few_reports_teach_nothing_and_one_long_silence_changes_nothing(app: Any, cast: Any, reader: Any) -> None:
    with factories.writing(app):
        few, many = factories.site(cast.organization), factories.site(cast.organization)
    reports_hourly(app, few, 4)
    reports_hourly(app, many, 20)
    with factories.writing(app):
        factories.reported(many, {"webform": "1.0.0"}, ago(minutes=1))
    learn(app)
    assert look(reader, few)[2] is None
    assert look(reader, many)[2] == 60


def test_a_slower_habit_than_promised_does_not_excuse(app: Any, cast: Any, reader: Any) -> None:
    """Promised once a day, heard once in five: it is silent in between, however usual that is."""
    with factories.writing(app):
        site = factories.site(cast.organization)
    start = now() - timedelta(days=45)
    for number in range(8):
        with time_machine.travel(start + number * timedelta(days=5), tick=False), factories.writing(app):
            factories.reported(site, {"webform": factories.module("webform", f"6.2.{number}", judged=True)})
    learn(app)
    reporting, status, usual = look(reader, site)
    assert (reporting, status, usual) == ("silent", "silent", 5 * 24 * 60)
