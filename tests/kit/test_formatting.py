"""Times, spans and numbers as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from webapp.kit.web import formatting as f

NOW = datetime(2026, 8, 12, 21, 34, 0, tzinfo=UTC)


def before(**span: float) -> datetime:
    return NOW - timedelta(**span)


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (before(seconds=3), "just now"),
        (before(seconds=20), "20 s ago"),
        (before(seconds=89), "89 s ago"),
        (before(seconds=90), "1 min ago"),
        (before(minutes=4), "4 min ago"),
        (before(minutes=89), "89 min ago"),
        (before(minutes=90), "1 h ago"),
        (before(hours=3, minutes=59), "3 h ago"),
        (before(hours=47), "47 h ago"),
        (before(days=2), "2 days ago"),
        (before(days=13), "13 days ago"),
        (before(weeks=2), "2 weeks ago"),
        (before(weeks=8), "8 weeks ago"),
        (before(days=63), "2 months ago"),
        (before(days=365), "11 months ago"),
        (before(days=731), "2 years ago"),
        (after(minutes=5), "in 5 min"),
        (after(seconds=5), "just now"),
        (None, "never"),
    ],
)
def test_an_age_has_one_unit(moment, words):
    assert f.ago(moment, NOW) == words


def test_an_age_never_has_a_plural_of_one():
    spans = [f.age(seconds) for seconds in range(0, 3 * 365 * 86400, 3571)]
    assert not [span for span in spans if span.startswith("1 ") and span.endswith("s") and span != "1 s"]


def test_a_time_without_zone_is_utc_and_zones_do_not_matter():
    elsewhere = timezone(timedelta(hours=5, minutes=30))
    assert f.ago(before(hours=3).replace(tzinfo=None), NOW) == "3 h ago"
    assert f.ago(before(hours=3).astimezone(elsewhere), NOW) == "3 h ago"
    assert f.exact(NOW.astimezone(elsewhere)) == "2026-08-12 21:34:00 UTC"
    assert f.iso(NOW.astimezone(elsewhere)) == "2026-08-12T21:34:00Z"


@pytest.mark.parametrize(
    ("moment", "words"), [(before(minutes=2), "2 min old"), (after(seconds=4), "0 s old"), (None, "never fetched")]
)
def test_the_age_of_a_feed(moment, words):
    assert f.old(moment, NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (41, "41 s"),
        (60, "1 min"),
        (59 * 60 + 59, "59 min"),
        (3600, "1 h"),
        (3 * 3600 + 38 * 60, "3 h 38 min"),
        (28 * 3600, "1 d 4 h"),
        (86400, "1 d"),
        (4 * 86400 + 10 * 3600, "4 d 10 h"),
        (30 * 86400 + 3600, "30 d"),
        (1200 * 86400, "1,200 d"),
        (-5, "0 s"),
        (None, "–"),
    ],
)
def test_a_span_has_two_units(seconds, words):
    assert f.duration(seconds) == words


def test_a_span_may_stay_in_hours_and_be_given_in_hours():
    assert f.duration(44 * 3600 + 22 * 60, most_hours=48) == "44 h 22 min"
    assert f.hours(131.8) == "5 d 11 h"
    assert f.hours(None) == "–"


@pytest.mark.parametrize(
    ("deadline", "words", "css", "late"),
    [
        (after(days=6, hours=20), "in 6 d 20 h", "", False),
        (after(days=30, hours=7), "in 30 d", "", False),
        (after(hours=48), "in 2 d", "", False),
        (after(hours=44, minutes=22), "in 44 h", "due-soon", False),
        (after(hours=3, minutes=38), "in 3 h 38 min", "due-soon", False),
        (after(minutes=12), "in 12 min", "due-soon", False),
        (NOW, "due now", "due-over", True),
        (before(minutes=5), "5 min late", "due-over", True),
        (before(hours=47), "47 h late", "due-over", True),
        (before(days=19, hours=4), "19 d late", "due-over", True),
    ],
)
def test_a_deadline_is_in_or_late_and_never_negative(deadline, words, css, late):
    assert f.due(deadline, NOW) == (words, css, late)


def test_numbers_and_exact_times():
    assert [f.thousands(number) for number in (0, 999, 1187, 2079000, None)] == ["0", "999", "1,187", "2,079,000", "–"]
    assert f.exact(None) == "never"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (362_400, "362 KB"),
        (999_600, "1.0 MB"),
        (12_100_000, "12.1 MB"),
        (2_100_000_000, "2.1 GB"),
        (5_000_000_000_000_000, "5000.0 TB"),
        (None, "–"),
    ],
)
def test_sizes_are_decimal(size, words):
    assert f.bytes_(size) == words


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (30, 0, "30 %"),
        (94.12, 1, "94.1 %"),
        (100, 0, "100 %"),
        (0, 0, "0 %"),
        (99.7, 0, "over 99 %"),
        (0.3, 0, "under 1 %"),
        (99.97, 1, "over 99.9 %"),
        (0.04, 1, "under 0.1 %"),
        (None, 0, "–"),
    ],
)
def test_only_all_is_a_hundred_percent(value, digits, words):
    assert f.percent(value, digits) == words


def test_a_share_of_nothing_is_not_known():
    assert f.share(374, 1259) == pytest.approx(29.706, abs=0.001)
    assert f.share(0, 10) == 0
    assert f.share(0, 0) is None
    assert f.share(None, 10) is None


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Priya Raman", "PR"),
        ("Ada", "AD"),
        ("wei.zhang@meridian.example", "WZ"),
        ("José María de la Cruz", "JC"),
        ("", "?"),
        ("x", "X"),
    ],
)
def test_the_initials_of_a_person(name, letters):
    assert f.initials(name) == letters


def test_every_filter_is_named_as_its_function():
    assert all(function.__name__ == name for name, function in f.FILTERS.items())
