"""Deployments, pull requests, sprints and measurements in numbers, without a database: the mistakes others made among them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalog.published import answers
from webapp.insights.values.cycle import Merged, cycle_of, way_of
from webapp.insights.values.delivery import ChangeKind, Deployed, Lead, counted, delivery_of, frequency_level, level_of
from webapp.insights.values.quality import Measured, quality_of
from webapp.insights.values.velocity import Closed, velocity_of
from webapp.insights.values.windows import window_of

WINDOW = window_of(date(2024, 3, 4), date(2024, 3, 17))
FOUR_WEEKS = window_of(date(2024, 3, 4), date(2024, 3, 31))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31)).map(lambda each: each.replace(tzinfo=UTC))
maybe = st.none() | moments


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 3, day, hour, tzinfo=UTC)


def deployed(day: int, hour: int = 10, **fields) -> Deployed:
    return Deployed(uuid4(), at(day, hour), **{"succeeded": True, **fields})


# ---- deployments

def test_six_deployments_in_four_weeks_are_one_and_a_half_a_week():
    found = delivery_of([deployed(day) for day in (4, 5, 12, 13, 20, 27)], FOUR_WEEKS)
    assert found.per_week == 1.5


def test_a_failure_rate_counts_deployments_and_not_incidents():
    failed = deployed(5, failed=True, restored_at=at(5, 16))
    found = delivery_of([failed, deployed(6)], WINDOW)
    assert (found.failure_rate, found.recovery(0.5)) == (50.0, 6 * 3600)


def test_what_has_not_recovered_counts_as_failed_and_has_no_recovery():
    found = delivery_of([deployed(5, failed=True), deployed(6)], WINDOW)
    assert (found.failure_rate, found.recoveries, found.recovery(0.5)) == (50.0, (), None)


def test_without_deployments_nothing_is_known_unless_there_were_some_before():
    empty = delivery_of([], WINDOW)
    assert (empty.per_week, empty.failure_rate, empty.rework_rate, empty.median_days_per_week) == (None, None, None, None)
    quiet = delivery_of([], WINDOW, is_known=True)
    assert (quiet.per_week, quiet.failure_rate) == (0.0, None)


def test_several_deployments_on_a_day_are_one_deployment_day():
    found = delivery_of([deployed(4, 8), deployed(4, 12), deployed(5), deployed(12)], WINDOW)
    assert (found.deployment_days, found.median_days_per_week) == (3, 1.5)


def test_the_end_of_a_window_is_not_in_it():
    assert [delivery_of([Deployed(uuid4(), moment, True)], WINDOW).successes
            for moment in (at(4), at(18), at(18) - timedelta(microseconds=1))] == [1, 0, 1]


@given(st.lists(st.builds(Deployed, st.uuids(), moments, st.booleans(), st.booleans(), st.booleans(), maybe), max_size=30))
def test_no_rate_is_above_one_hundred_percent(found):
    numbers = delivery_of(found, WINDOW)
    for rate in (numbers.failure_rate, numbers.rework_rate):
        assert rate is None or 0 <= rate <= 100
    assert all(seconds >= 0 for seconds in numbers.recoveries)
    assert numbers.successes <= numbers.deployments


def test_changes_of_a_seed_and_of_unknown_age_are_left_out():
    leads = [Lead(ChangeKind.COMMIT, "a", at(5), at(6), uuid4()), Lead(ChangeKind.COMMIT, "b", at(5), at(6), uuid4(), left_out="seed"),
             Lead(ChangeKind.SECURITY_FIX, "c", at(1), at(6), uuid4(), left_out="left_censored"),
             Lead(ChangeKind.COMMIT, "d", at(5), at(18), uuid4())]
    assert [each.name for each in counted(leads, WINDOW)] == ["a"]


def test_levels_say_their_threshold_and_where_it_is_from():
    assert level_of("lead_time_for_changes", 23 * 3600.0)["level"] == "elite"
    assert level_of("change_failure_rate", 5.0)["level"] == "elite"
    assert level_of("change_failure_rate", 15.1)["level"] == "low"
    assert level_of("time_to_restore", None) is None
    weekly = frequency_level(delivery_of([deployed(5), deployed(12)], WINDOW))
    assert (weekly["level"], weekly["threshold"]) == ("high", "once a week or more")
    assert "2023" in weekly["source"]


# ---- pull requests

def merged(**fields) -> Merged:
    return Merged(uuid4(), 1, "A change", **{"opened_at": at(6, 9), "merged_at": at(6, 15), **fields})


@given(st.builds(Merged, st.uuids(), st.integers(1, 9), st.just("x"), moments, moments, maybe, maybe, maybe, maybe, maybe, maybe))
def test_the_parts_of_a_way_add_up_to_it_and_none_is_negative(request_):
    way = way_of(request_)
    assert min(way.coding, way.pickup, way.review, way.testing, way.deployment or 0) >= 0
    assert way.pickup <= way.review
    assert (way.total is None) == (request_.deployed_at is None)
    if way.total is not None and request_.deployed_at >= request_.merged_at:
        opened = min(request_.opened_at, request_.merged_at)
        ready = min(max(request_.ready_at or opened, opened), request_.merged_at)
        began = min(request_.first_commit_at or ready, ready)
        assert way.total == pytest.approx((request_.deployed_at - began).total_seconds())


def test_a_review_before_the_request_is_not_longer_than_the_request():
    way = way_of(merged(first_review_at=datetime(2023, 8, 1, tzinfo=UTC)))
    assert (way.pickup, way.review) == (0, 6 * 3600)


def test_without_a_review_the_approval_or_the_merge_ends_the_wait():
    assert way_of(merged(approved_at=at(6, 12))).pickup == 3 * 3600
    assert way_of(merged()).pickup == 6 * 3600


def test_time_as_a_draft_is_coding():
    way = way_of(merged(first_commit_at=at(6, 0), ready_at=at(6, 12)))
    assert (way.coding, way.review) == (12 * 3600, 3 * 3600)


def test_what_is_not_deployed_has_parts_and_no_total():
    way = way_of(merged(tested_at=at(6, 17)))
    assert (way.testing, way.deployment, way.total) == (2 * 3600, None, None)
    assert cycle_of([way]).total_hours is None


def test_testing_that_nobody_recorded_is_part_of_deployment():
    way = way_of(merged(deployed_at=at(6, 20)))
    assert (way.testing, way.testing_source, way.deployment) == (0, "none", 5 * 3600)
    late = way_of(merged(deployed_at=at(6, 20), tested_at=at(7)))
    assert (late.testing, late.deployment) == (0, 5 * 3600)


@given(st.lists(st.builds(Merged, st.uuids(), st.integers(1, 9), st.just("x"), moments, moments, maybe, maybe, maybe, maybe, maybe, maybe),
                max_size=8))
def test_the_mean_of_the_whole_is_the_sum_of_the_means(requests):
    found = cycle_of([way_of(each) for each in requests])
    if found.n:
        assert found.total_hours == pytest.approx(sum(found.parts.values()), abs=1e-4)
    else:
        assert (found.total_hours, set(found.parts.values()), set(found.percentiles.values())) == (None, {None}, {None})


# ---- sprints

def sprints(completed, committed=None):
    start = date(2024, 1, 1)
    return [Closed(uuid4(), f"Sprint {number}", start + timedelta(days=14 * number), start + timedelta(days=14 * number + 13),
                   None if committed is None else committed[number], points) for number, points in enumerate(completed)]


def test_velocity_is_the_mean_of_the_last_closed_sprints_as_published():
    for case in answers("insights/velocity_cases.json")["cases"]:
        if isinstance(case["completed"], int):
            rate = Closed(uuid4(), "One", date(2024, 1, 1), date(2024, 1, 14), case["planned"], case["completed"]).completion_rate
            assert rate == case["completion_rate"]
            continue
        done = sprints(case["completed"], case.get("committed"))
        for number, average in case.get("rolling_5_average_after_sprint", {}).items():
            assert velocity_of(done[:int(number)], 5).average == pytest.approx(average)
        if "stated_average" in case:
            assert round(velocity_of(done).average) == case["stated_average"]


def test_nothing_planned_has_no_rate_and_more_than_all_may_be_done():
    none, over = sprints([5, 55], [0, 50])
    assert (none.completion_rate, over.completion_rate) == (None, 1.1)


def test_velocity_of_no_sprint_is_none_and_its_trend_needs_enough():
    assert velocity_of([]).average is None
    found = velocity_of(sprints([10] * 6 + [20] * 6))
    assert (found.average, found.trend.word, found.trend.previous_value, found.trend.improving) == (20, "increasing", 10, True)
    assert velocity_of(sprints([10, 20])).trend.reason == "insufficient_data"


@given(st.lists(st.none() | st.floats(0, 1000), max_size=20), st.integers(1, 8))
def test_sprints_that_tell_nothing_are_left_out_of_the_mean(points, count):
    known = [each for each in points[-count:] if each is not None]
    found = velocity_of(sprints(points), count)
    assert found.average == (pytest.approx(sum(known) / len(known), abs=1e-5) if known else None)
    assert len(found.sprints) == min(count, len(points))


# ---- code quality

def measured(**fields) -> Measured:
    return Measured(uuid4(), at(6), **fields)


def test_coverage_is_weighed_by_lines_and_never_a_mean_of_percentages():
    assert quality_of([measured(lines_covered=90, lines_to_cover=100), measured(lines_covered=0, lines_to_cover=300)]).test_coverage == 22.5


def test_a_percentage_alone_cannot_be_added_to_others():
    told = measured(test_coverage=80.0)
    assert quality_of([told]).test_coverage == 80.0
    mixed = quality_of([told, measured(lines_covered=1, lines_to_cover=2)])
    assert (mixed.test_coverage, mixed.unweighed) == (50.0, (told.repository_id,))
    assert quality_of([told, measured(test_coverage=10.0)]).test_coverage is None


def test_debt_is_in_hours_and_what_nobody_measured_is_none():
    found = quality_of([measured(technical_debt_minutes=45, bugs=1), measured(technical_debt_minutes=45)])
    assert (found.technical_debt_hours, found.bugs, found.code_smells, found.n) == (1.5, 1, None, 2)
    nothing = quality_of([])
    assert (nothing.test_coverage, nothing.technical_debt_hours, nothing.bugs) == (None, None, None)
    assert quality_of([measured(lines_covered=0, lines_to_cover=0)]).test_coverage is None
