"""When a site was exposed: windows of what was installed, against what is affected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from webapp.catalog.verdicts.advisories import Affected
from webapp.exposure.values import Interval, due, windows

DAY = datetime(2026, 3, 1, tzinfo=UTC)
BELOW_2 = Affected("webform", "<2.0.0")


def day(number: float) -> datetime:
    return DAY + timedelta(days=number)


def interval(version: str | None, since: float, until: float | None, enabled: bool | None = True, module: int = 1, main: bool = True) -> Interval:
    return Interval(module, main, version, enabled, day(since), None if until is None else day(until))


def spans(*intervals: Interval, published: float = 0, affected: Affected = BELOW_2) -> list[tuple[float, float | None, str, str | None]]:
    return [((each.started_at - DAY).total_seconds() / 86400, each.ended_at and (each.ended_at - DAY).total_seconds() / 86400, each.version,
             each.fixed_version) for each in windows([(intervals, affected)], day(published))]


def test_the_clock_begins_at_the_later_of_publication_and_installation() -> None:
    assert spans(interval("1.0.0", -5, None)) == [(0, None, "1.0.0", None)]
    assert spans(interval("1.0.0", 3, None)) == [(3, None, "1.0.0", None)]


def test_it_ends_with_the_first_report_of_a_version_that_is_not_affected() -> None:
    assert spans(interval("1.0.0", -5, 4), interval("2.0.0", 4, None)) == [(0, 4, "1.0.0", "2.0.0")]


def test_an_update_to_another_affected_version_does_not_stop_it() -> None:
    assert spans(interval("1.0.0", -5, 1), interval("1.1.0", 1, 4), interval("2.0.0", 4, None)) == [(0, 4, "1.1.0", "2.0.0")]


def test_removal_ends_it_without_a_fixed_version() -> None:
    assert spans(interval("1.0.0", -5, 4)) == [(0, 4, "1.0.0", None)]


def test_what_was_over_at_the_publication_is_none() -> None:
    assert spans(interval("1.0.0", -5, 0), interval("2.0.0", 0, None)) == []
    assert spans(interval("1.0.0", -5, -1)) == []


def test_a_hole_that_comes_back_is_a_time_of_its_own() -> None:
    back = (interval("1.0.0", -5, 2), interval("2.0.0", 2, 6), interval("1.5.0", 6, None))
    assert spans(*back) == [(0, 2, "1.0.0", "2.0.0"), (6, None, "1.5.0", None)]


def test_switching_off_and_on_is_one_time_and_says_whether_the_code_runs() -> None:
    parts = (interval("1.0.0", -5, 2, enabled=True), interval("1.0.0", 2, None, enabled=False))
    assert spans(*parts) == [(0, None, "1.0.0", None)]
    assert windows([(parts, BELOW_2)], DAY)[0].enabled is False
    over = (*parts[:1], interval("1.0.0", 2, 4, enabled=False), interval("2.0.0", 4, None, enabled=False))
    assert windows([(over, BELOW_2)], DAY)[0].enabled is True, "it ran while it was open"
    assert windows([([interval("1.0.0", -5, None, enabled=None)], BELOW_2)], DAY)[0].enabled is None


def test_the_last_module_of_a_project_ends_it_and_the_main_one_stands_for_it() -> None:
    main = (interval("1.0.0", -5, 2), interval("2.0.0", 2, None))
    below = (interval("1.0.0", -5, 3, module=2, main=False), interval("2.0.0", 3, None, module=2, main=False))
    assert spans(*main, *below) == [(0, 3, "1.0.0", "2.0.0")]
    together = windows([((interval("1.0.0", -5, None), interval("1.0.0", -5, None, module=2, main=False)), BELOW_2)], DAY)
    assert [each.module_id for each in together] == [1]


def test_what_is_no_version_is_not_known_to_be_affected() -> None:
    assert spans(interval(None, -5, None), interval("whatever it is", -5, None)) == []


@pytest.mark.parametrize("unclear", [None, "built by hand", ""])
def test_a_version_that_nobody_can_judge_ends_no_time_and_begins_none(unclear: str | None) -> None:
    held = (interval("1.0.0", -5, 2), interval(unclear, 2, None))
    assert spans(*held) == [(0, None, "1.0.0", None)]
    assert windows([(held, BELOW_2)], DAY)[0].assumed is True
    seen_again = (*held[:1], interval(unclear, 2, 3), interval("1.1.0", 3, None))
    assert spans(*seen_again) == [(0, None, "1.1.0", None)]
    assert windows([(seen_again, BELOW_2)], DAY)[0].assumed is False
    assert spans(*held[:1], interval(unclear, 2, 3), interval("2.0.0", 3, None)) == [(0, 3, "1.0.0", "2.0.0")]
    assert spans(*held[:1], interval(unclear, 2, 3)) == [(0, 3, "1.0.0", None)], "it was removed"
    assert spans(interval("2.0.0", -5, 2), interval(unclear, 2, None)) == []
    assert spans(*held[:1], interval("2.0.0", 2, 3), interval(unclear, 3, None)) == [(0, 2, "1.0.0", "2.0.0")]
    assert spans(*held[:1], interval(unclear, 3, None)) == [(0, 2, "1.0.0", None)], "it was away in between"
    assert spans(*held[:1], interval(unclear, 2, None, module=2, main=False)) == [(0, 2, "1.0.0", None)], "another module says nothing of it"


def test_what_cannot_be_judged_still_says_whether_the_code_runs() -> None:
    held = (interval("1.0.0", -5, 2, enabled=True), interval(None, 2, None, enabled=False))
    assert windows([(held, BELOW_2)], DAY)[0].enabled is False


def test_exact_versions_and_drupals_old_spelling() -> None:
    assert spans(interval("8.x-1.4", -5, None), affected=Affected("ctools", "<1.5.0")) == [(0, None, "8.x-1.4", None)]
    assert spans(interval("8.x-1.4", -5, None), affected=Affected("ctools", versions=("8.x-1.4",))) == [(0, None, "8.x-1.4", None)]
    assert spans(interval("6.0.0-beta2", -5, None), affected=Affected("webform", ">=6.0.0 <6.0.6")) == [(0, None, "6.0.0-beta2", None)]


@pytest.mark.parametrize(("severity", "days"), [("critical", 1), ("high", 7), ("moderate", 30), ("low", 90), ("unknown", 7)])
def test_deadlines_are_the_organizations_and_unknown_has_that_of_high(severity: str, days: int) -> None:
    assert due(DAY, severity, {"critical": 1}) == day(days)
    assert due(DAY, severity, None) == day(2 if severity == "critical" else days)
