"""Versions and constraints by hand-picked cases: what a Drupal site really reports, and what must not get through."""

from __future__ import annotations

import pytest

from webapp.catalog.versions import (
    BadConstraint,
    BadVersion,
    Constraint,
    compare,
    is_upgrade,
    normalize,
    satisfies,
    sort_key,
    stability,
    to_composer,
)


@pytest.mark.parametrize(
    ("version", "normal_form"),
    [
        ("10.3.8", "10.3.8.0"),
        ("7.103", "7.103.0.0"),
        ("3", "3.0.0.0"),
        ("1.2.3.4", "1.2.3.4"),
        ("v1.12.0", "1.12.0.0"),
        ("V2.0", "2.0.0.0"),
        ("  6.2.9\n", "6.2.9.0"),
        ("6.3.0-beta3", "6.3.0.0-beta3"),
        ("6.3.0b3", "6.3.0.0-beta3"),
        ("11.0.0-rc1", "11.0.0.0-RC1"),
        ("1.0.0.RC.15-dev", "1.0.0.0-RC15-dev"),
        ("1.0.0-alpha.3.1+build", "1.0.0.0-alpha3.1"),
        ("2.0-stable", "2.0.0.0"),
        ("1.0.0-pl3", "1.0.0.0-patch3"),
        ("1.2.", "1.2.0.0"),
        ("1.0.0+20130313144700", "1.0.0.0"),
        ("4.0.0-beta4+2-dev", "4.0.0.0-beta4"),
        ("2.0.3+4-dev", "2.0.3.0"),
        ("1.x-dev", "1.9999999.9999999.9999999-dev"),
        ("11.1.X-dev", "11.1.9999999.9999999-dev"),
        ("v2.1.3.*-dev", "2.1.3.9999999-dev"),
        ("8.1.0-dev", "8.1.0.0-dev"),
        ("dev-main", "dev-main"),
        ("DEV-Feature/AU-2518+x", "dev-Feature/AU-2518+x"),
        ("master", "dev-master"),
        ("dev-main as 2.1.0", "dev-main"),
        ("1.0.0+foo as 2.0", "1.0.0.0"),
        ("1.0@beta", "1.0.0.0"),
        ("2010-01-02", "2010.01.02"),
        ("2010-01-02.5", "2010.01.02.5"),
        ("v20100102-203040-p1", "20100102.203040-patch1"),
        ("20230131.0.0", "20230131.0.0"),
        ("201903.0", "201903.0"),
        ("2010.01.02", "2010.01.02.0"),
    ],
)
def test_composer_gives_a_version_one_normal_form(version: str, normal_form: str) -> None:
    assert normalize(version) == normal_form


@pytest.mark.parametrize(
    "version",
    ["", " ", "a", "1.0.0-meh", "1.0.0.0.0", "feature-foo", "1.0.0+foo bar", "1.0.0-unstable1", "8.x-1.14",
     "8.x-1.x-dev", "1.x", "^1.0", "2010-1-5", "\u0661.0", "1.0 as 2.0 as 3.0", "1" * 256],
)
def test_a_text_that_is_no_version_is_refused_without_being_repeated(version: str) -> None:
    with pytest.raises(BadVersion) as refused:
        normalize(version)
    assert refused.value.reason
    assert not version.strip() or version.strip() == "a" or version not in str(refused.value)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.0", "stable"), ("1.0-p1", "stable"), ("8.x-1.14", "stable"), ("1.0b2", "beta"), ("1.0-a", "alpha"),
     ("8.x-2.0-rc3", "RC"), ("8.x-1.x-dev", "dev"), ("dev-main#abc", "dev"), ("1.0.0-beta2+foo", "beta")],
)
def test_stability_is_read_from_the_end(version: str, expected: str) -> None:
    assert stability(version) == expected


@pytest.mark.parametrize(
    ("drupal_version", "composer_version"),
    [
        ("8.x-1.14", "1.14.0"),
        ("8.x-2.05", "2.5.0"),
        ("8.x-1.0-alpha11", "1.0.0-alpha11"),
        ("7.x-3.0-rc2", "3.0.0-rc2"),
        ("6.x-1.00", "1.0.0"),
        ("4.7.x-1.3", "1.3.0"),
        ("8.x-1.x-dev", "1.x-dev"),
        ("7.x-2.x-dev", "2.x-dev"),
        ("8.x-2.31+4-dev", "2.31.0+4-dev"),
        ("8.x-3.0-alpha1+12-dev", "3.0.0-alpha1+12-dev"),
        ("4.0.0-beta4+2-dev", "4.0.0-beta4+2-dev"),
        ("10.3.8", "10.3.8"),
        ("7.103", "7.103"),
        ("11.x-dev", "11.x-dev"),
        ("11.1.x-dev", "11.1.x-dev"),
        ("8.x-dev", "8.x-dev"),
        ("dev-1.x", "dev-1.x"),
        ("v5.0.0rc1", "v5.0.0rc1"),
    ],
)
def test_drupal_org_and_composer_name_the_same_release(drupal_version: str, composer_version: str) -> None:
    assert to_composer(drupal_version) == composer_version


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", "empty"),
        (" 1.0.0", "white space"),
        ("1.0\n", "white space"),
        ("8.x-1.0\x00", "white space"),
        ("8.x-\u0661.0", "ASCII"),
        ("-1.0", "sign"),
        ("8.x--1.0", "no version"),
        ("1e3.0", "exponent"),
        ("0x1.0", "hexadecimal"),
        ("01.2.3", "leading zero"),
        ("9.x-1.0", "core prefix"),
        ("10.x-1.x-dev", "core prefix"),
        ("8.x-", "no version"),
        ("8.x-8.x-1.0", "no version"),
        ("8.x-1.x", "branch"),
        ("1.x", "branch"),
        ("1.0.", "separator"),
        ("1.0.0-", "separator"),
        ("8.x-1.0-unstable3", "unstable"),
        ("1.0.0-a-b", "none of the forms"),
        ("HEAD", "none of the forms"),
        ("8.x-1." + "0" * 300 + "1-meh", "none of the forms"),
        ("8.x-1." + "1" * 300, "longer"),
    ],
)
def test_a_hostile_spelling_is_refused_by_name(version: str, reason: str) -> None:
    with pytest.raises(BadVersion, match=reason):
        to_composer(version)


def test_versions_sort_as_composer_sorts_them() -> None:
    in_order = [
        "", "8.x-1.x", "not a version",  # no versions: first, by code point
        "dev-a", "dev-main",  # named branches
        "1.0.0-dev", "1.0.0-alpha1", "8.x-1.0-alpha2", "1.0.0-alpha10", "1.0.0-beta1-dev", "1.0.0-beta1", "8.x-1.0-rc1",
        "1.0.0-rc2", "1.0.0", "1.0.0-p1", "8.x-1.1", "8.x-1.9", "1.10.0", "1.x-dev", "2.0.0-dev", "7.x-2.5", "6.2.9",
        "6.2.10", "10.0.0", "dev-master", "20100102",
    ]
    assert sorted(set(in_order), key=sort_key) == in_order


def test_equal_versions_share_a_key_however_they_are_spelled() -> None:
    assert len({sort_key(spelling) for spelling in ("8.x-1.14", "1.14", "v1.14.0", "1.14.0.0", "1.14.0+5-dev")}) == 1
    assert sort_key(None) == sort_key("") < sort_key("dev-main")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("1.0.0", "1.0.0-rc2", 1), ("8.x-1.14", "2.0.0", -1), ("8.x-1.14", "1.14.0", 0), ("dev-main", "0.0.1", -1),
     ("dev-b", "dev-a", 1), ("20100102", "20100102-203040", -1),
     ("1.99999999999999999999", "1.99999999999999999998", 0)],
)
def test_compare_says_which_comes_first(a: str, b: str, expected: int) -> None:
    assert compare(a, b) == expected
    assert compare(b, a) == -expected


def test_compare_refuses_what_is_no_version() -> None:
    with pytest.raises(BadVersion, match="exponent"):
        compare("1.0.0", "1e3.0")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("6.2.9", "6.2.10", True),
        ("6.2.10", "6.2.9", False),
        ("8.x-1.14", "2.0.0", True),
        ("8.x-1.14", "1.14.0", False),
        ("8.x-1.9", "8.x-1.10", True),
        ("8.x-1.0-rc1", "8.x-1.0", True),
        ("2.0.0-beta10", "2.0.0-beta9", False),
        ("dev-1.x", "1.5.0", True),
        ("dev-1.x", "dev-2.x", False),
        (None, "1.0.0", False),
        ("1.0.0", None, False),
        ("HEAD", "1.0.0", False),
        ("1.0.0", "8.x-2.x", False),
    ],
)
def test_an_upgrade_goes_up(before: str | None, after: str | None, expected: bool) -> None:
    assert is_upgrade(before, after) is expected


@pytest.mark.parametrize(
    ("constraint", "bounds"),
    [
        ("*", "*"),
        ("@dev", "*"),
        ("v*", ">= 0.0.0.0-dev"),
        ("1.2.3", "== 1.2.3.0"),
        ("<>1.0", "!= 1.0.0.0"),
        ("> 1.0 ,< 3.0", "[> 1.0.0.0 < 3.0.0.0-dev]"),
        (">=1.2.3-stable", ">= 1.2.3.0"),
        (">=6.0.0-beta2", ">= 6.0.0.0-beta2"),
        (">=1.0@beta", ">= 1.0.0.0-beta"),
        ("1.0@beta", "== 1.0.0.0"),
        ("0.*", "< 1.0.0.0-dev"),
        ("11.2.x", "[>= 11.2.0.0-dev < 11.3.0.0-dev]"),
        ("~1.2.3", "[>= 1.2.3.0-dev < 1.3.0.0-dev]"),
        ("~2.0.x-dev", "[>= 2.0.9999999.9999999-dev < 2.1.0.0-dev]"),
        ("^0.0.3", "[>= 0.0.3.0-dev < 0.0.4.0-dev]"),
        ("^9.5 || ^10|^11", "[>= 9.5.0.0-dev < 12.0.0.0-dev]"),
        ("^9 || ^11", "[[>= 9.0.0.0-dev < 10.0.0.0-dev] || [>= 11.0.0.0-dev < 12.0.0.0-dev]]"),
        ("1.2-beta - 2.3", "[>= 1.2.0.0-beta < 2.4.0.0-dev]"),
        ("1 - 2.1.0", "[>= 1.0.0.0-dev <= 2.1.0.0]"),
        ("2.1.0 - 2.3-dev", "[>= 2.1.0.0-dev <= 2.3.0.0-dev]"),
        ("1.0.x-dev#trunk/@123", "== 1.0.9999999.9999999-dev"),
        ("foobar-dev as 2.1.0 || 3.5", "[== dev-foobar || == 3.5.0.0]"),
    ],
)
def test_a_constraint_is_read_into_composers_bounds(constraint: str, bounds: str) -> None:
    assert str(Constraint.parse(constraint)) == bounds


@pytest.mark.parametrize(
    "constraint",
    ["", "  ", "^", "^^11", "~>1.2", "1.0.0-meh", ">2.0,,<=3.0", ">2.0 ||| <=3.0", "^2.x", "1.x - 2.*", "^1@dev ,",
     "1.0#abc", "V2.*", ">=1.0\n<2.0", "8.x-1.5", ">" * 9_000, "1" * 600, ">=1" + " " * 65 + "<2", "~" + "1." * 300],
)
def test_a_text_that_is_no_constraint_is_refused_without_being_repeated(constraint: str) -> None:
    with pytest.raises(BadConstraint) as refused:
        Constraint.parse(constraint)
    assert refused.value.reason
    assert len(constraint.strip()) < 2 or constraint not in str(refused.value)


@pytest.mark.parametrize(
    ("version", "constraint", "expected"),
    [
        ("6.0.0-beta2", ">=6.0.0 <6.2.9", True),  # an affected pre-release is not to be called clean
        ("2.0.0-rc5", "<2.0.0", False),
        ("1.9.9", "<2.0.0", True),
        ("2.0.0-dev", "<2.0.0", False),
        ("11.0.0-alpha1", "^10.3", False),
        ("10.3.0-rc1", "^10.3", True),
        ("10.3.0-rc1", ">10.3", False),
        ("8.9.20", "8.x", True),
        ("8.x-1.6", "<1.7.0 || >=2.0.0 <2.0.1", True),
        ("2.0.1", "<1.7.0 || >=2.0.0 <2.0.1", False),
        ("10.3.0", "!=10.3.0 ^10", False),
        ("dev-main", "*", True),
        ("dev-main", "v*", False),
        ("dev-main", ">=1.0", False),
        ("dev-main", "!=1.0", True),
        ("dev-main", "dev-main", True),
        ("dev-main", "!=dev-main", False),
        ("1.0.0", "dev-main", False),
        ("11.x-dev", "^11", True),
    ],
)
def test_satisfies_as_composer_does(version: str, constraint: str, expected: bool) -> None:
    assert satisfies(version, constraint) is expected
    assert Constraint.parse(constraint).allows(version) is expected


def test_an_unreadable_side_is_neither_satisfied_nor_not() -> None:
    with pytest.raises(BadVersion):
        satisfies("8.x-1.x", "^1")
    with pytest.raises(BadConstraint):
        satisfies("1.0.0", "^")


def test_a_list_of_a_projects_versions_is_a_constraint_too() -> None:
    listed = Constraint.parse("|".join(f"8.{minor}.0-beta{serial}" for minor in range(20) for serial in range(1, 16)))
    assert listed.allows("8.19.0-beta15")
    assert not listed.allows("8.19.0")


def test_equal_constraints_are_equal_values() -> None:
    assert Constraint.parse("^9.5 || ^10") == Constraint.parse(">=9.5,<11")
    assert hash(Constraint.parse("^1")) == hash(Constraint.parse("1.*"))
