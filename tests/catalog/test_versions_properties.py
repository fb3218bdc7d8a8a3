"""What holds for every version: one total order, the same in keys, comparisons and constraints."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webapp.catalog.versions import (
    BadConstraint,
    BadVersion,
    Constraint,
    compare,
    is_upgrade,
    normalize,
    satisfies,
    sort_key,
    to_composer,
)

numbers = st.integers(0, 12)
suffixes = st.one_of(
    st.just(""),
    st.just("-dev"),
    st.builds("-{}{}".format, st.sampled_from(["alpha", "beta", "rc", "p", "b", "RC"]), st.integers(1, 12)),
)
composer_versions = st.builds(
    lambda parts, suffix: ".".join(map(str, parts)) + suffix, st.lists(numbers, min_size=1, max_size=4), suffixes
)
drupal_versions = st.builds("{}.x-{}.{}{}".format, st.sampled_from([7, 8]), numbers, numbers, suffixes)
branches = st.builds("{}.x-dev".format, numbers)
numbered = st.one_of(composer_versions, drupal_versions, branches)
named = st.sampled_from(["dev-main", "dev-a", "dev-1.x", "dev-feature/x"])
anything = st.one_of(numbered, named, st.text(max_size=20), st.text("0123456789.x-+^~*|, devalphrc", max_size=20))


@given(anything, anything, anything)
def test_the_keys_of_any_texts_are_totally_ordered(a: str, b: str, c: str) -> None:
    low, middle, high = sorted([a, b, c], key=sort_key)
    assert sort_key(low) <= sort_key(middle) <= sort_key(high)
    assert sort_key(low) <= sort_key(high)
    assert (sort_key(a) < sort_key(b)) + (sort_key(b) < sort_key(a)) + (sort_key(a) == sort_key(b)) == 1


@given(st.one_of(numbered, named), st.one_of(numbered, named))
def test_compare_keys_and_upgrades_agree(a: str, b: str) -> None:
    outcome = compare(a, b)
    assert outcome == (sort_key(a) > sort_key(b)) - (sort_key(a) < sort_key(b)) == -compare(b, a)
    if not (a.startswith("dev-") and b.startswith("dev-")):
        assert is_upgrade(a, b) is (outcome < 0)


@given(numbered, numbered)
def test_constraints_agree_with_compare(version: str, other: str) -> None:
    bound = normalize(to_composer(other))
    outcome = compare(version, other)
    assert satisfies(version, f"=={bound}") is (outcome == 0)
    assert satisfies(version, f"!={bound}") is (outcome != 0)
    assert satisfies(version, f">{bound}") is (outcome > 0)
    assert satisfies(version, f"<={bound}") is (outcome <= 0)
    # Without a stability of its own, the bound of `<` and `>=` is the version's first dev snapshot.
    if "-" not in bound:
        outcome = compare(version, f"{bound}-dev")
    elif "RC" in bound and not bound.endswith("-dev"):
        return
    assert satisfies(version, f"<{bound}") is (outcome < 0)
    assert satisfies(version, f">={bound}") is (outcome >= 0)


@given(numbered, composer_versions)
def test_a_range_is_its_two_bounds(version: str, low: str) -> None:
    for written in (f"^{low}", f"~{low}"):
        constraint = Constraint.parse(written)
        [(lower, upper)] = constraint.alternatives
        assert (lower.operator, upper.operator) == (">=", "<")
        inside = compare(version, lower.version.normalized) >= 0 and compare(version, upper.version.normalized) < 0
        assert constraint.allows(version) is inside


@given(numbered)
def test_a_normal_form_means_the_version_it_came_from(version: str) -> None:
    assert compare(version, normalize(to_composer(version))) == 0


@given(anything)
def test_no_text_breaks_a_parser(text: str) -> None:
    for read, refusal in ((normalize, BadVersion), (to_composer, BadVersion), (Constraint.parse, BadConstraint)):
        try:
            assert read(text)
        except refusal as error:
            assert error.reason
