"""Accepted risk and false positives: a reason and an end, a second person where one is wanted, and no longer than it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests import factories
from tests.exposure.conftest import advisory, ago
from webapp.exposure.jobs import end_expired
from webapp.kit.clock import now, stamp

LATER = timedelta(days=30)


@pytest.fixture
def sites(app: Any, cast: Any, publish: Any) -> list[Any]:
    """Two sites that are open to one advisory."""
    with factories.writing(app):
        made = [factories.site(cast.organization, name=name) for name in ("Library", "Town hall")]
        for each in made:
            factories.reported(each, {"webform": factories.module("webform", "6.2.7")}, ago(hours=5))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1)))
    return made


def acceptance(**fields: Any) -> dict[str, Any]:
    return {"reason": "Only editors reach the form.", "expires_at": stamp(now() + LATER), **fields}


def open_ids(cast: Any) -> list[str]:
    return [row["id"] for row in cast.viewer.get("/exposures", state="open", sort="site").json["data"]]


def test_acceptance_needs_a_reason_and_an_end_in_the_future(cast: Any, sites: list[Any]) -> None:
    path = f"/exposures/{open_ids(cast)[0]}/accept"
    for wrong, field in (({"expires_at": acceptance()["expires_at"]}, "reason"), (acceptance(reason=" "), "reason"),
                         (acceptance(expires_at=stamp(ago(days=1))), "expires_at"), ({"reason": "x"}, "expires_at"),
                         (acceptance(kind="fixed"), "kind")):
        answer = cast.member.post(path, wrong)
        assert answer.status_code == 422, wrong
        assert field in {each["field"] for each in answer.json["details"]}
    assert len(open_ids(cast)) == 2


def test_one_site_is_accepted_and_the_other_stays_open(app: Any, cast: Any, sites: list[Any]) -> None:
    library, town_hall = open_ids(cast)
    answer = cast.member.post(f"/exposures/{library}/accept", acceptance(kind="false_positive"))
    assert answer.status_code == 201
    assert open_ids(cast) == [town_hall]
    row = cast.viewer.get(f"/exposures/{library}").json["data"]
    assert (row["state"], row["decision"]["reason"], row["overdue"]) == ("false_positive", "Only editors reach the form.", False)
    ended = cast.member.post(f"/risk-decisions/{row['decision']['id']}/end")
    assert ended.json["data"]["ended_reason"] == "revoked"
    assert open_ids(cast) == [library, town_hall]


def test_an_organization_accepts_for_all_its_sites_also_those_that_come(app: Any, cast: Any, sites: list[Any]) -> None:
    assert cast.member.post(f"/exposures/{open_ids(cast)[0]}/accept", acceptance(scope="organization")).status_code == 201
    assert open_ids(cast) == []
    with factories.writing(app):
        new = factories.site(cast.organization, name="Zoo")
    cast.member.post(f"/sites/{new.id}/modules", {"modules": [{"name": "webform", "version": "6.2.7"}]})
    assert open_ids(cast) == []
    assert cast.viewer.get("/exposures", state="accepted").json["meta"]["total"] == 3


def test_a_second_person_approves_where_the_organization_wants_it(cast: Any, sites: list[Any]) -> None:
    cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"require_second_approver": True}})
    first = open_ids(cast)[0]
    proposed = cast.admin.post(f"/exposures/{first}/accept", acceptance()).json["data"]
    assert proposed["approved_at"] is None
    assert first in open_ids(cast), "until somebody else approves it stays open"
    path = f"/risk-decisions/{proposed['id']}/approve"
    assert cast.admin.post(path).status_code == 403, "not by who proposed it"
    assert cast.member.post(path).status_code == 403, "not by a member"
    assert cast.stranger.post(path).status_code == 404
    assert cast.root.post(path).json["data"]["approved_by"] == cast.root.id
    assert first not in open_ids(cast)
    assert cast.root.post(path).status_code == 409


def test_time_is_up(app: Any, cast: Any, sites: list[Any]) -> None:
    cast.member.post(f"/exposures/{open_ids(cast)[0]}/accept", acceptance())
    with app.app_context():
        assert end_expired() == 0
    with time_machine.travel(now() + LATER + timedelta(minutes=1), tick=True), app.app_context():
        assert end_expired() == 1
        assert end_expired() == 0
    assert len(open_ids(cast)) == 2


def test_a_changed_advisory_opens_what_was_accepted(app: Any, cast: Any, sites: list[Any], publish: Any) -> None:
    cast.member.post(f"/exposures/{open_ids(cast)[0]}/accept", acceptance())
    record = advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1), details="Other words, the same hole.")
    publish(record)
    assert len(open_ids(cast)) == 1, "words change nothing"
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.3.0"), published=ago(days=1)))
    assert len(open_ids(cast)) == 2
    reasons = {row["action"] for row in cast.root.get("/audit-logs", resource_type="risk_decision").json["data"]}
    assert reasons == {"exposure.accepted", "exposure.acceptance_advisory_changed"}


def test_many_at_once_all_or_none_and_first_on_trial(cast: Any, sites: list[Any]) -> None:
    wanted = {"filter": {"module": "webform"}, **acceptance()}
    trial = cast.member.post("/exposures/accept", {**wanted, "dry_run": True}).json["data"]
    assert (trial["matched"], trial["decisions"]) == (2, [])
    assert len(open_ids(cast)) == 2
    made = cast.member.post("/exposures/accept", wanted).json["data"]
    assert sorted(made["exposures"]) == sorted(trial["exposures"])
    assert open_ids(cast) == []


def test_many_by_id_fail_together_for_one_that_is_not_theirs(app: Any, cast: Any, sites: list[Any]) -> None:
    with factories.writing(app):
        foreign = factories.site(cast.elsewhere)
    cast.stranger.post(f"/sites/{foreign.id}/modules", {"modules": [{"name": "webform", "version": "6.2.7"}]})
    theirs = cast.stranger.get("/exposures").json["data"][0]["id"]
    assert cast.member.post("/exposures/accept", {"ids": [*open_ids(cast), theirs], **acceptance()}).status_code == 404
    assert len(open_ids(cast)) == 2


def test_who_may(cast: Any, sites: list[Any]) -> None:
    first = open_ids(cast)[0]
    assert cast.viewer.post(f"/exposures/{first}/accept", acceptance()).status_code == 403
    assert cast.stranger.post(f"/exposures/{first}/accept", acceptance()).status_code == 404
    assert cast.stranger.get(f"/exposures/{first}").status_code == 404
    assert cast.stranger.get("/exposures").json["data"] == []
    named = cast.stranger.get("/advisories").json["data"][0]
    assert (named["name"], named["sites_exposed"], named["sites_hit"]) == ("SA-CONTRIB-2026-001", 0, 0)
    assert cast.stranger.get(f"/advisories/{named['id']}/sites").json["data"] == []
    assert cast.viewer.get(f"/advisories/{named['id']}").json["data"]["sites_exposed"] == 2
