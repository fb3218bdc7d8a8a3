"""Ranges in the query strings of lists: one that ends before it begins is refused by every list, and never an empty answer."""

from __future__ import annotations

from datetime import date

import pytest
from marshmallow import ValidationError

from webapp.kit.web.fields import ListQuery

PAIRS = (("from", "to"), ("completed_from", "completed_to"), ("due_from", "due_to"), ("fixed_from", "fixed_to"), ("start_date", "end_date"))


def ranges(app):
    """Every list's query with a range in it, and the names of the range."""
    doors = [view.door for view in app.view_functions.values() if hasattr(view, "door")]
    queries = {door.query for door in doors if door.query is not None and issubclass(door.query, ListQuery)}
    return [(query, *pair) for query in queries for pair in PAIRS if set(pair) <= set(query.filters())]


def load(query, **given):
    return query().load(given, partial=True)


def test_no_list_takes_a_range_that_ends_before_it_begins(app):
    found = ranges(app)
    assert len(found) > 12
    for query, first, last in found:
        with pytest.raises(ValidationError) as caught:
            load(query, **{first: "2026-11-18", last: "2026-11-17"})
        assert caught.value.messages == {last: ["The end must lie after the beginning."]}, query


def test_one_day_is_a_range_and_so_is_one_end_of_it(app):
    for query, first, last in ranges(app):
        assert load(query, **{first: "2026-11-18", last: "2026-11-18"})
        assert load(query, **{first: "2026-11-18"})
        assert load(query, **{last: "2026-11-18"})


@pytest.mark.parametrize("path", ["/sites", "/audit-logs", "/patch-runs", "/deployments", "/incidents", "/reports", "/tasks",
                                  "/notification-deliveries", "/exposures", "/sprints", "/uploads"])
def test_it_is_said_at_the_end(cast, path):
    answer = cast.admin.get(path, **{"from": "2026-11-18", "to": "2026-11-17"})
    assert (answer.status_code, [each["field"] for each in answer.json["details"]]) == (422, ["to"])


def test_moments_are_compared_to_the_second(cast):
    at = "2026-11-18T16:05:00Z"
    assert cast.admin.get("/sites", **{"from": at, "to": at}).status_code == 422
    assert cast.admin.get("/sites", **{"from": at, "to": "2026-11-18T16:05:01Z"}).status_code == 200
    assert cast.admin.get("/sites", **{"from": "2026-11-18T17:05:00+02:00", "to": at}).status_code == 200


def test_the_sprints_of_a_velocity_too(cast):
    days = {"start_date": date(2026, 11, 18), "end_date": date(2026, 11, 17)}
    answer = cast.admin.get("/analytics/velocity", team_id="0190a3b0-0000-7000-8000-000000000000", **days)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "end_date")


@pytest.mark.parametrize("query", [{"sort": ""}, {"sort": ","}, {"sort": "name,"}, {"sort": "-"}, {"module_version": ""}, {"core_version": " "}])
def test_an_empty_value_is_no_filter_and_no_order(cast, query):
    answer = cast.admin.get("/sites", **query)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, next(iter(query)))


def test_a_search_for_nothing_finds_everything(cast):
    assert cast.admin.get("/organizations", q="").json["meta"]["total"] == 1
