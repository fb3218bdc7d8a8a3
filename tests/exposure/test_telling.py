"""What listeners are told of exposures and decisions, and whom it reaches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago
from webapp.exposure.actions import telling
from webapp.kit.clock import now, stamp
from webapp.kit.events import KEY, Event, newest_id, read_after
from webapp.kit.redis import redis


class Listener:
    """What was announced since it began to listen, of exposures and decisions alone."""

    def __init__(self, app: Any) -> None:
        self.app = app
        with app.app_context():
            self.place = newest_id(redis())

    def heard(self) -> list[Event]:
        with self.app.app_context():
            found = read_after(redis(), self.place, 1000) if redis().exists(KEY) else []
        return [event for event in found if event.type.startswith(("exposure.", "risk_decision."))]


@pytest.fixture
def listener(app: Any) -> Listener:
    return Listener(app)


def holding(app: Any, cast: Any, *names: str) -> list[Any]:
    with factories.writing(app):
        made = [factories.site(cast.organization, name=name) for name in names]
        for each in made:
            factories.reported(each, {"webform": factories.module("webform", "6.2.7")}, ago(hours=5))
    return made


SA = advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1))


def test_each_site_is_told_of_by_itself(app: Any, cast: Any, publish: Any, listener: Listener) -> None:
    one, two = holding(app, cast, "Library", "Town hall")
    publish(SA)
    heard = listener.heard()
    assert {event.data["site_id"] for event in heard} == {str(one.id), str(two.id)}
    for event in heard:
        assert (event.type, event.data["opened"]) == ("exposure.changed", 1)
        assert set(event.topics) == {f"site:{event.data['site_id']}", f"org:{cast.organization.id}", "fleet"}
        assert event.organization_id == cast.organization.id


def test_a_report_that_closes_one_tells_so(app: Any, cast: Any, publish: Any) -> None:
    (site,) = holding(app, cast, "Library")
    publish(SA)
    listener = Listener(app)
    cast.key("ingest", site=site).post("/ingest", {"full": False, "modules": [{"name": "webform", "version": "6.2.9"}]})
    (event,) = listener.heard()
    assert (event.type, event.data) == ("exposure.changed", {
        "site_id": str(site.id), "organization_id": str(cast.organization.id), "closed": 1})
    cast.key("ingest", site=site).post("/ingest", {"full": False, "modules": [{"name": "webform", "version": "6.2.9"}]})
    assert len(listener.heard()) == 1


def test_many_sites_are_told_of_once_for_each_organization(
        app: Any, cast: Any, publish: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "SINGLY", 1)
    sites = holding(app, cast, "Library", "Town hall")
    publish(SA)
    (event,) = listener.heard()
    assert (event.data["sites"], event.data["opened"]) == (2, 2)
    assert {f"site:{site.id}" for site in sites} < set(event.topics)


def test_decisions_are_told_of_when_they_come_and_when_they_end(app: Any, cast: Any, publish: Any) -> None:
    site, other = holding(app, cast, "Library", "Town hall")
    publish(SA)
    listener = Listener(app)
    found = cast.viewer.get("/exposures", site_id=str(site.id)).json["data"][0]
    body = {"reason": "Only editors reach it.", "expires_at": stamp(now() + timedelta(days=9)), "scope": "organization"}
    made = cast.member.post(f"/exposures/{found['id']}/accept", body).json["data"]
    cast.member.post(f"/risk-decisions/{made['id']}/end")
    heard = listener.heard()
    assert [event.type for event in heard] == ["risk_decision.in_force", "risk_decision.ended"]
    for event in heard:
        assert event.data["risk_decision_id"] == made["id"]
        assert {f"site:{site.id}", f"site:{other.id}", f"org:{cast.organization.id}", "fleet"} == set(event.topics)
