"""An advisory's room: its numbers are counted as a person would count the findings, in one statement."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago, found
from webapp.accounts.models import User
from webapp.catalog.models import Advisory
from webapp.exposure.queries import advisory_room
from webapp.exposure.queries.incident import burn_down
from webapp.kit.db import db
from webapp.kit.permissions import SYSTEM

AT = ago()
FIXED_AFTER = {"Archive": 1.5, "Baths": 40.0, "Cemetery": 41.0, "Docks": 95.9, "Museum": None, "Opera": None, "Zoo": None}


@pytest.fixture
def incident(app: Any, cast: Any, publish: Any) -> Advisory:
    """Seven sites that ran it when it was published, four days ago; four were fixed, one does not run it, two stand open."""
    with factories.writing(app):
        member = db.session.get_one(User, cast.member.id)
        for name, hours in FIXED_AFTER.items():
            site = factories.site(cast.organization, name=name, owner_id=member.id if name in ("Archive", "Opera") else None)
            old = factories.module("webform", "6.2.7", enabled=name != "Museum")
            factories.reported(site, {"webform": old}, ago(days=6))
            if hours is not None:
                factories.reported(site, {"webform": "6.2.9"}, ago(days=4) + timedelta(hours=hours))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=4)))
    with factories.writing(app):
        return db.session.query(Advisory).one()


def test_the_burn_down_is_what_stood_open_at_each_moment(app: Any, incident: Advisory) -> None:
    with factories.writing(app):
        room = advisory_room(SYSTEM, incident, None, AT)
    rows = found(app)
    assert len(rows) == len(FIXED_AFTER)
    by_hand = [(moment, sum(row.started_at <= moment and (row.ended_at is None or row.ended_at > moment) for row in rows))
               for moment in (*(ago(days=4) + timedelta(days=day) for day in range(4)), AT)]
    assert room["burn_down"] == by_hand
    assert [count for _, count in by_hand] == [7, 6, 4, 4, 3]


def test_numbers_owners_and_times_are_those_of_the_findings(app: Any, incident: Advisory) -> None:
    with factories.writing(app):
        room = advisory_room(SYSTEM, incident, None, AT)
    assert {name: room[name] for name in ("all", "open", "dormant", "late", "accepted", "fixed", "ownerless")} == {
        "all": 7, "open": 2, "dormant": 1, "late": 0, "accepted": 0, "fixed": 4, "ownerless": 1}
    assert [owner["open"] for owner in room["owners"]] == [1, 1]
    assert {owner["owner_name"] is None for owner in room["owners"]} == {True, False}
    assert room["median_hours"] == pytest.approx(40.5, abs=0.01)
    assert room["p90_hours"] == pytest.approx(41 + 0.7 * 54.9, abs=0.01)
    assert room["since"] == ago(days=4)


def test_an_advisory_that_reached_nobody_has_an_empty_room(app: Any, publish: Any) -> None:
    publish(advisory("SA-CONTRIB-2026-009", ("token", "<1.0"), published=ago(days=1)))
    with factories.writing(app):
        room = advisory_room(SYSTEM, db.session.query(Advisory).one(), None, AT)
    assert (room["all"], room["owners"], room["burn_down"], room["median_hours"]) == (0, [], [], None)


@pytest.mark.parametrize("days", [0.1, 1, 2, 29.5, 30, 31, 400])
def test_moments_go_from_the_first_finding_to_now(days: float) -> None:
    first = AT - timedelta(days=days)
    moments = [moment for moment, _ in burn_down([[0, None, 1]], first, AT)]
    assert (moments[0], moments[-1]) == (first, AT)
    assert moments == sorted(set(moments))
    assert len(moments) == min(math.ceil(days), 30) + 1
