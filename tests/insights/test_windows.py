"""Windows, periods, percentiles and trends: what holds for all of them, and what is known of some."""

from __future__ import annotations

import statistics
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.insights.values.figures import hours, percentage, percentile, trend
from webapp.insights.values.windows import BadWindow, Granularity, Window, window_of

dates = st.dates(date(2001, 1, 1), date(2037, 12, 31))
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "Australia/Lord_Howe"])
lengths = st.integers(0, 200)
numbers = st.lists(st.floats(0, 1e6), min_size=1, max_size=40)


@given(dates, lengths, zones)
def test_a_window_of_dates_has_both_days_whole_in_its_zone(first, length, zone):
    window = window_of(first, first + timedelta(days=length), zone)
    assert window.days == length + 1
    assert (window.day_of(window.start), window.day_of(window.end - timedelta(seconds=1))) == (first, first + timedelta(days=length))
    assert window.before.end == window.start
    assert window.before.days == window.days


@given(dates, lengths, zones, st.sampled_from(Granularity))
def test_periods_follow_each_other_and_fill_the_window(first, length, zone, granularity):
    window = window_of(first, first + timedelta(days=length), zone)
    periods = window.periods(granularity)
    assert (periods[0].start, periods[-1].end) == (window.start, window.end)
    assert all(one.end == other.start for one, other in pairwise(periods))
    assert all(window.period_of(each.start, granularity) == window.period_of(each.end - timedelta(seconds=1), granularity)
               for each in periods)


def test_weeks_begin_on_monday_and_days_where_people_live():
    window = window_of(date(2024, 3, 4), date(2024, 3, 17))
    assert [each.start.day for each in window.periods(Granularity.WEEKLY)] == [4, 11]
    late = datetime(2024, 3, 5, 23, 30, tzinfo=UTC)
    assert (window.day_of(late).day, Window(window.start, window.end, "Europe/Berlin").day_of(late).day) == (5, 6)


def test_fourteen_days_are_fourteen_over_a_change_of_clocks():
    window = window_of(date(2024, 3, 20), date(2024, 4, 2), "Europe/Berlin")
    assert window.days == 14
    assert (window.end - window.start) == timedelta(days=14) - timedelta(hours=1)


@pytest.mark.parametrize(("start", "end"), [(date(2024, 3, 10), date(2024, 3, 9)), (date(2024, 3, 10), date(1990, 1, 1)),
                                            (datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))])
def test_a_window_that_ends_before_it_begins_is_none(start, end):
    with pytest.raises(BadWindow) as refused:
        window_of(start, end)
    assert refused.value.field == "end_date"


@pytest.mark.parametrize(("start", "end", "field"), [
    (date(2024, 1, 1), date.max, "end_date"), (date.min, date(2024, 1, 1), "start_date"),
    (datetime.min.replace(tzinfo=UTC), date(2024, 1, 1), "start_date"), (date(2024, 1, 1), datetime.max.replace(tzinfo=UTC), "end_date")])
def test_dates_at_the_ends_of_time_are_refused(start, end, field):
    with pytest.raises(BadWindow) as refused:
        window_of(start, end, "Asia/Kolkata")
    assert refused.value.field == field


def test_the_longest_window_has_one_before_it():
    assert window_of(date(1990, 1, 1), date(2199, 12, 31), "Pacific/Chatham").before.start.year == 1779


def test_more_periods_than_anybody_reads_are_refused():
    with pytest.raises(BadWindow) as refused:
        window_of(date(2000, 1, 1), date(2020, 1, 1)).periods(Granularity.DAILY)
    assert refused.value.field == "granularity"
    assert len(window_of(date(2020, 1, 1), date(2030, 1, 1)).periods(Granularity.DAILY)) == 3654


@given(numbers, st.floats(0, 1))
def test_a_percentile_lies_within_its_values_and_grows_with_its_fraction(values, fraction):
    found = percentile(values, fraction)
    assert min(values) <= found + 1e-6
    assert found <= max(values) + 1e-6
    assert percentile(values, 0) <= found + 1e-6
    assert percentile(values, 0.5) == pytest.approx(statistics.median(values))


def test_percentiles_are_interpolated_and_of_nothing_there_is_none():
    assert percentile([18, 43, 16, 16.5, 72], 0.9) == pytest.approx(60.4)
    assert percentile([], 0.5) is None
    assert percentage(0, 0) is None
    assert percentage(2, 7) == 28.571429


def test_half_a_minute_is_neither_nothing_nor_a_minute():
    assert hours(30) == 0.008333


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.integers(5, 99), st.integers(5, 99), st.booleans())
def test_what_changed_by_less_than_a_tenth_is_stable(value, previous, n, previous_n, more_is_better):
    found = trend(value, n, previous, previous_n, more_is_better=more_is_better)
    change = 100 * (value - previous) / previous
    if abs(abs(change) - 10) > 0.01:
        assert (found.word == "stable") is (abs(change) < 10)
    if found.word != "stable":
        assert found.improving is ((value > previous) == more_is_better)
        assert found.word == ("increasing" if value > previous else "decreasing")


@pytest.mark.parametrize(("value", "n", "previous", "previous_n"), [(3.0, 4, 1.0, 50), (3.0, 50, 1.0, 4), (None, 0, 1.0, 9), (1.0, 9, None, 0)])
def test_too_few_records_make_no_trend_and_say_so(value, n, previous, previous_n):
    found = trend(value, n, previous, previous_n, more_is_better=True)
    assert (found.word, found.reason, found.improving) == ("stable", "insufficient_data", None)


def test_from_nothing_to_something_is_increasing_without_a_percentage():
    found = trend(3.0, 9, 0.0, 9, more_is_better=False)
    assert (found.word, found.change_percent, found.improving) == ("increasing", None, False)
