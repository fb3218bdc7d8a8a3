"""Versions and constraints held to answers given by composer/semver and Drupal core themselves.

The answers are not part of this repository; where they are absent these tests are skipped, and the cases in
test_versions.py stand alone.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from webapp.catalog.versions import (
    BadConstraint,
    BadVersion,
    Comparison,
    Constraint,
    Version,
    compare,
    normalize,
    satisfies,
    sort_key,
    stability,
    to_composer,
)

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
OPERATORS = {"==": (0,), "<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1), "!=": (-1, 1)}
# Edges of what the published ranges are about: numbers, pre-releases, wildcards' numbers, and named branches.
PROBES = [
    *(f"{a}.{b}.{c}{suffix}" for a, b, c, suffix in itertools.product(
        range(7), (0, 1, 2, 3, 4, 5, 9, 12), (0, 1, 3, 4, 5), ("", "-dev", "-beta1"))),
    "1.x-dev", "9999.0.0", "dev-master", "dev-foo", "dev-bar", "dev-bla",
]


def _text(name: str) -> str:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the published answers of {path.name} are not beside this checkout")
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()


@pytest.fixture(scope="module")
def semver() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(_text("cases/semver_cases.json"))
    return answers


@pytest.fixture(scope="module")
def provided(semver: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {table["provider"]: [case["args"] for case in table["cases"]] for table in semver["providers"]}


@pytest.fixture(scope="module")
def extension_versions() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_text("cases/extension_version_cases.json"))["versions"]
    return rows


def _bounds(case: dict[str, Any]) -> str:
    bounds = [case[side]["string"] for side in ("min", "max") if case[side]]
    return bounds[0] if len(bounds) == 1 else f"[{' '.join(bounds)}]"


@pytest.mark.parametrize("table", ["wildcardConstraints", "tildeConstraints", "hyphenConstraints"])
def test_ranges_have_composers_bounds(provided: dict[str, list[dict[str, Any]]], table: str) -> None:
    assert provided[table]
    assert {case["input"]: str(Constraint.parse(case["input"])) for case in provided[table]} == {
        case["input"]: _bounds(case) for case in provided[table]
    }


def test_constraints_have_composers_notation(provided: dict[str, list[dict[str, Any]]], semver: dict[str, Any]) -> None:
    expected = {case["constraint"]: case["expected"] for case in provided["constraintProvider"]}
    expected |= {case["constraints"]: case["expectedConstraint"]["string"]
                 for case in provided["multiConstraintOptimizations"]}
    expected |= {case["constraint"]: case["parsed"] for case in semver["drupal_parse_constraints"]}
    assert len(expected) > 40
    assert {text: str(Constraint.parse(text)) for text in expected} == expected


def test_what_composer_refuses_is_refused(provided: dict[str, list[dict[str, Any]]]) -> None:
    for case in provided["failingConstraints"]:
        with pytest.raises(BadConstraint):
            Constraint.parse(case["input"])
    for case in provided["failingNormalizedVersionsWithBadAlias"]:
        source, alias = re.split(" +as +", case["fullInput"])
        assert normalize(source) == "1.0.0.0"
        with pytest.raises(BadVersion):
            normalize(alias)


def test_a_list_is_filtered_and_sorted_as_composer_does(provided: dict[str, list[dict[str, Any]]]) -> None:
    for case in provided["satisfiedByProvider"]:
        assert [v for v in case["versions"] if satisfies(v, case["constraint"])] == case["expected"]
    for case in provided["sortProvider"]:
        assert sorted(case["versions"], key=sort_key) == case["sorted"]
        assert sorted(case["versions"], key=sort_key, reverse=True) == case["rsorted"]


@pytest.mark.parametrize(
    ("table", "operator"),
    [("greaterThanProvider", ">"), ("lessThanOrEqualToProvider", "<="), ("notEqualToProvider", "!=")],
)
def test_comparisons_come_out_as_composers(
    provided: dict[str, list[dict[str, Any]]], table: str, operator: str
) -> None:
    assert provided[table]
    for case in provided[table]:
        # Of two named branches Composer says only whether they are the same; the order by name is ours.
        if operator == ">" and case["version1"].startswith("dev-") and case["version2"] == "dev-bar":
            continue
        assert (compare(case["version1"], case["version2"]) in OPERATORS[operator]) is case["expected"], case


@pytest.mark.parametrize(("table", "expected"), [("successfulVersionMatches", True), ("failingVersionMatches", False)])
def test_a_bound_allows_the_versions_composer_matches(
    provided: dict[str, list[dict[str, Any]]], table: str, expected: bool
) -> None:
    tried = 0
    for case in provided[table]:
        sides = [(case[f"{side}Operator"], case[f"{side}Version"]) for side in ("require", "provide")]
        for (operator, bound), (equal, version) in (sides, sides[::-1]):
            # `==` on a side makes it one version; ranges against ranges are not asked here.
            if equal == "==":
                comparison = Comparison(operator, Version.of_normal_form(bound))
                assert comparison.allows(Version.of_normal_form(version)) is expected, case
                tried += 1
    assert tried > 20


def test_a_subset_allows_nothing_its_superset_refuses(provided: dict[str, list[dict[str, Any]]]) -> None:
    for case in provided["subsets"]:
        inner, outer = Constraint.parse(case["aStr"]), Constraint.parse(case["bStr"])
        assert [probe for probe in PROBES if inner.allows(probe) and not outer.allows(probe)] == []


def _lies_in(version: Version, expected: str | dict[str, Any]) -> bool:
    if isinstance(expected, str):
        return expected == "*/dev*" or (expected == "*" and not version.is_named_branch)
    if version.is_named_branch:
        return (version.normalized in expected["branches"]["names"]) is not expected["branches"]["exclude"]
    for interval in expected["numeric"]:
        edges = [Comparison(*_edge(interval[end])) for end in ("start", "end")]
        if all(edge.allows(version) for edge in edges):
            return True
    return False


def _edge(text: str) -> tuple[Any, Version]:
    operator, normalized = text.split(" ")
    return operator, Version.of_normal_form(normalized)


def test_constraints_allow_exactly_composers_intervals(provided: dict[str, list[dict[str, Any]]]) -> None:
    cases = [case for case in provided["intervalsProvider"] if isinstance(case["constraint"], str)]
    assert len(cases) > 50
    for case in cases:
        constraint, expected = Constraint.parse(case["constraint"]), case["expected"]
        wrong = [probe for probe in PROBES if constraint.allows(probe) is not _lies_in(Version.parse(probe), expected)]
        assert wrong == [], case["constraint"]


def test_drupal_versions_come_out_as_composers(semver: dict[str, Any]) -> None:
    for row in semver["drupal_normalize"]:
        assert stability(row["input"]) == row["stability"]
        if "error" in row:
            with pytest.raises(BadVersion):
                normalize(row["input"])
        else:
            assert normalize(row["input"]) == row["normalized"]
    for a, operator, b in semver["drupal_compare"]:
        assert compare(a, b) in OPERATORS[operator], (a, operator, b)
    in_order = semver["drupal_sort_ascending"]
    assert sorted(set(in_order), key=sort_key) == in_order


def test_core_compatibility_comes_out_as_composers(semver: dict[str, Any]) -> None:
    assert len(semver["drupal_satisfies"]) > 300
    for row in semver["drupal_satisfies"]:
        if "error" in row:
            with pytest.raises(BadConstraint):
                satisfies(row["version"], row["constraint"])
        else:
            assert satisfies(row["version"], row["constraint"]) is row["satisfies"], row


def test_advisories_affect_the_versions_composer_says() -> None:
    rows = [json.loads(line) for line in _text("cases/advisory_match.sample.jsonl.gz").splitlines()]
    assert len(rows) > 2000
    wrong = [row for row in rows if satisfies(row["version"], row["constraint"]) is not row["composer_satisfies"]]
    assert wrong == []


def test_drupal_spellings_become_cores_semantic_versions(extension_versions: list[dict[str, Any]]) -> None:
    """Core's table, but for three things it gets wrong or leaves out: dev branches, the 7.x line, loose spellings."""
    # Core's converter handles releases only and garbles branches (`1.x.0-dev`); it leaves older lines as they are.
    ours = {"8.x-1.x-dev": "1.x-dev", "8.x-dev": "8.x-dev", "8.x-1.0+5-dev": "1.0.0+5-dev",
            "6.x-1.0": "1.0.0", "7.x-3.0-rc2": "3.0.0-rc2"}
    # Parsed by core without complaint, though no release is called so, or Composer has no such version.
    loose = {"1.0.0 ", "1.0\n", "01.2.3", "1e3.0", "1.0.0-", "1.0.0-a-b", "2.0.0-unstable1"}
    # Refused by core as the version of an extension, and a version to Composer.
    composers_own = {"1.1.1.1", "1.1.1.0", "dev-main", "v1.0.0"}
    for row in extension_versions:
        text = row["input"]
        if text in loose or ("error" in row and text not in composers_own and text not in ours):
            with pytest.raises(BadVersion):
                to_composer(text)
        else:
            assert to_composer(text) == ours.get(text, row["to_semver"])


def test_a_release_has_the_version_composer_really_installed() -> None:
    releases = [json.loads(line) for line in _text("fleet/drupal_release_catalog.jsonl.gz").splitlines()]
    # Of a branch the lock file has the branch, drupal.org the commit on it; four forks carry a branch for a version.
    released = [r for r in releases if r["drupal_version"] and "dev" not in r["version"] + r["drupal_version"]]
    forks = [r for r in released if r["drupal_version"].endswith(".x")]
    assert len(forks) == 4
    wrong = [r["drupal_version"] for r in released
             if r not in forks and normalize(to_composer(r["drupal_version"])) != normalize(r["version"])]
    assert (len(released) > 5000, wrong) == (True, [])
