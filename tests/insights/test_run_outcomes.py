"""Patch runs as deployments: which fail, and when they are made good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.insights.values.runs import Failing, Fall, Run, failures, tier_of
from webapp.patching.values import ClaimedUpdate, Evidence

START = datetime(2024, 3, 4, tzinfo=UTC)


def run(hour: float, status: str = "success", evidence: str = "claimed", shown: float | None = None, **updates) -> Run:
    claimed = {name: ClaimedUpdate(*versions) for name, versions in updates.items()}
    return Run(uuid4(), status, START + timedelta(hours=hour), claimed, evidence, None if shown is None else START + timedelta(hours=shown))


UP = ("6.2.2", "6.2.3")


@pytest.mark.parametrize(("given_run", "outcome"), [
    (run(0, webform=UP), "success"), (run(0, "partial", webform=UP), "success"), (run(0, "failed", webform=UP), "failure"),
    (run(0, "rolled_back", webform=UP), "failure"), (run(0, "failed"), None), (run(0, webform=("6.2.2", "6.2.2")), None),
    (run(0, webform=("8.x-1.0", "1.0.0")), None), (run(0, "partial", webform=(*UP, "failed")), None),
    (run(0, webform=("6.2.2", None)), "success"), (run(0, "rolled_back", webform=("6.2.2", "6.2.2")), None)])
def test_what_a_run_is_as_a_deployment(given_run, outcome):
    assert given_run.outcome == outcome


def test_a_failed_run_is_made_good_by_the_first_that_brings_all_of_it():
    failed = run(0, "rolled_back", webform=UP, token=("1.0", "1.1"))
    half, rest = run(3, webform=UP), run(5, token=("1.0", "1.2"))
    found, = failures([rest, failed, half, run(9, token=("1.2", "1.3"))], [])
    assert (found.run, found.how, found.opened_at, found.ended_by, found.resolved_at) == (
        failed, Failing.FAILED, failed.ended_at, rest, rest.ended_at)


def test_a_run_that_a_report_contradicts_failed_when_the_report_came():
    claimed = run(0, evidence=Evidence.CONTRADICTED, shown=3, webform=UP)
    found, = failures([claimed, run(12, webform=UP)], [])
    assert (found.how, (found.opened_at - claimed.ended_at).total_seconds(), (found.resolved_at - claimed.ended_at).total_seconds()) == (
        Failing.NOT_ARRIVED, 3 * 3600, 12 * 3600)


def test_a_lower_version_in_a_report_is_a_rollback_of_the_run_that_raised_it():
    first, second = run(0, webform=("6.2.1", "6.2.2")), run(10, webform=UP)
    fall = Fall("webform", "6.2.3", "6.2.2", START + timedelta(hours=30))
    found, = failures([first, second, run(40, webform=UP)], [fall, fall])
    assert (found.run, found.how, found.opened_at, found.resolved_at) == (second, Failing.FELL_BACK, fall.at, START + timedelta(hours=40))


def test_a_fall_from_a_version_that_no_run_brought_is_nobodys():
    fall = Fall("webform", "6.3.0", "6.2.2", START + timedelta(hours=30))
    assert failures([run(0, webform=UP), run(31, webform=UP)], [fall]) == []


def test_a_run_that_did_not_arrive_itself_makes_nothing_good():
    failed, claimed = run(0, "failed", webform=UP), run(2, evidence=Evidence.CONTRADICTED, shown=3, webform=UP)
    assert [each.resolved_at for each in failures([failed, claimed], [])] == [None, None]


def test_environments_are_known_by_several_names_and_else_the_sites():
    assert [tier_of(*each) for each in (("Live", "staging"), (None, "production"), ("blue", "staging"), (" stage ", "production"))] == [
        "production", "production", "staging", "staging"]


updates = st.dictionaries(st.sampled_from("abc"), st.tuples(st.sampled_from(["1.0", "1.1"]), st.sampled_from(["1.1", "1.2"])), max_size=3)
runs = st.lists(st.builds(lambda hour, status, evidence, some: run(hour, status, evidence, hour + 1, **some), st.integers(0, 99),
                          st.sampled_from(["success", "partial", "failed", "rolled_back"]), st.sampled_from(list(Evidence)), updates), max_size=12)


@given(runs, st.randoms())
def test_failures_do_not_depend_on_the_order_in_which_runs_are_told(some, chance):
    told = list(some)
    chance.shuffle(told)
    assert failures(told, []) == failures(some, [])


@given(runs)
def test_each_run_fails_once_and_never_recovers_before_it_showed(some):
    found = failures(some, [])
    assert len({each.run.id for each in found}) == len(found)
    assert all(each.resolved_at is None or each.resolved_at >= each.opened_at for each in found)
    assert all(each.run.outcome is not None for each in found)
