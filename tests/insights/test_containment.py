"""Which commits a deployment brought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webapp.insights.values.containment import Commit, contents, graph_of, reach

START = datetime(2024, 3, 1, tzinfo=UTC)


def commit(number: int, *parents: int) -> Commit:
    return Commit(f"c{number}", tuple(f"c{each}" for each in parents), START + timedelta(hours=number))


@st.composite
def histories(draw):
    """A graph of commits, each with parents among those before it, and some of them deployed in some order."""
    count = draw(st.integers(1, 25))
    commits = [commit(at, *draw(st.lists(st.integers(0, at - 1), max_size=2, unique=True)) if at else ()) for at in range(count)]
    deployed = draw(st.lists(st.integers(0, count + 2), max_size=8))
    return commits, [(place, f"c{at}") for place, at in enumerate(deployed)]


@given(histories())
def test_each_commit_belongs_to_the_first_deployment_that_contains_it(history):
    commits, deployed = history
    graph = graph_of(commits)
    found = contents(graph, deployed)
    for sha in graph:
        holding = [place for place, head in deployed if head in graph and sha in reach(graph, head, {})]
        assert found.first.get(sha) == (holding[0] if holding else None)
    known = [place for place, head in deployed if head in graph]
    assert found.seeds == set(known[:1])
    assert found.unknown == {place for place, head in deployed if head not in graph}


def test_the_first_deployment_is_a_seed_and_swallows_what_was_before_it():
    graph = graph_of([commit(0), commit(1, 0), commit(2, 1), commit(3, 2)])
    found = contents(graph, [("seed", "c1"), ("next", "c3")])
    assert found.seeds == {"seed"}
    assert [sha for sha, key in found.first.items() if key == "next"] == ["c3", "c2"]


def test_an_older_commit_deployed_again_brings_nothing():
    graph = graph_of([commit(0), commit(1, 0), commit(2, 1)])
    found = contents(graph, [("seed", "c0"), ("up", "c2"), ("back", "c1"), ("again", "c2")])
    assert set(found.first.values()) == {"seed", "up"}


def test_after_a_deployment_of_an_unknown_commit_the_next_is_still_a_seed():
    graph = graph_of([commit(0), commit(1, 0)])
    found = contents(graph, [("lost", "ffff"), ("nameless", None), ("first", "c0"), ("second", "c1")])
    assert (found.unknown, found.seeds) == ({"lost", "nameless"}, {"first"})


def test_a_merge_brings_the_commits_of_its_branch():
    graph = graph_of([commit(0), commit(1, 0), commit(2, 0), commit(3, 1, 2)])
    found = contents(graph, [("seed", "c1"), ("next", "c3")])
    assert {sha for sha, key in found.first.items() if key == "next"} == {"c2", "c3"}
    assert [graph[sha].is_merge for sha in ("c2", "c3")] == [False, True]
