"""Core's update status held to what core's own PHP answers: 124 cases of its tests, and a matrix of fixtures and versions."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from tests.catalog.published import answers, beside, lines
from webapp.catalog.cli.explain import answer, explain_status
from webapp.catalog.feeds.release_history import BadFeed, parse_feed
from webapp.catalog.values.releases import ReleaseFeed, UpdateStatus
from webapp.catalog.verdicts import calculate
from webapp.catalog.verdicts.core_compatibility import is_compatible, possible_core_versions, requirement
from webapp.catalog.verdicts.coverage import support_of
from webapp.catalog.verdicts.extension_version import UnexpectedVersion, existing_major, install_type, parse, parse_branch

NAMES = ("recommended", "latest_version", "dev_version", "security_updates", "reason", "extra_labels", "install_type")
STATES = {"info": "supported", "warning": "ending", "error": "ended", None: None}


@cache
def feed(name: str) -> ReleaseFeed | None:
    if "does-not-exist" in name:
        return ReleaseFeed("", project_status="not-fetched")
    try:
        return parse_feed(beside(f"release-history/{name}").read_bytes())
    except BadFeed:
        return None


def differences(rows: list[dict[str, Any]], prefix: str, stamp: str) -> list[Any]:
    """What is answered otherwise than expected, as (row, field, expected, answered)."""
    found = []
    for row in rows:
        verdict = calculate(feed(row["fixture_xml"]), row["installed_version"], int(row[stamp] or 0) or None)
        answered = {name: getattr(verdict, name) for name in NAMES}
        answered |= {"status": verdict.status, "also": list(verdict.also.values())}
        for name, value in answered.items():
            expected = row[f"{prefix}{name}"]
            if name == "also":
                expected = list(expected.values()) if isinstance(expected, dict) else expected
            if value != expected:
                found.append((row["fixture_xml"], row["installed_version"], name, expected, value))
    return found


def test_the_cases_of_cores_own_tests() -> None:
    cases = answers("cases/update_status_cases.json")["cases"]
    assert len(cases) >= 124
    assert differences(cases, "expected_", "installed_datestamp") == []


def test_the_matrix_of_fixtures_and_versions() -> None:
    rows = lines("cases/update_status_matrix.sample.jsonl.gz")
    assert len(rows) >= 691
    assert differences(rows, "", "datestamp") == []
    assert [row for row in rows if calculate(feed(row["fixture_xml"]), row["installed_version"], int(row["datestamp"] or 0) or None
                                             ).latest_dev != row["latest_dev"]] == []


def test_the_command_answers_the_matrix_with_paths_and_with_text() -> None:
    for row in lines("cases/update_status_matrix.sample.jsonl.gz")[:60]:
        path = beside(f"release-history/{row['fixture_xml']}")
        asked = {name: row[name] for name in ("project", "installed_version", "datestamp")}
        answered = [explain_status({**asked, "feed": given}) for given in (str(path), path.read_text("utf-8"))]
        assert answered[0] == answered[1]
        assert answered[0]["status_name"] == row["status_name"]
        assert answered[0]["rule"]


def test_versions_and_branches_are_taken_apart_as_core_does() -> None:
    cases = answers("cases/extension_version_cases.json")
    for case in cases["versions"]:
        assert _parts(parse, case["input"]) == _expected(case), case
    for case in cases["branches"]:
        assert _parts(parse_branch, case["branch"]) == _expected(case), case
    for case in cases["install_type"]:
        assert install_type(case["input"]) == case["install_type"]
        assert existing_major(case["input"]) == int(case["existing_major"])


def _parts(read: Any, text: str) -> Any:
    try:
        found = read(text)
    except UnexpectedVersion:
        return "refused"
    return found.major, found.minor, found.extra


def _expected(case: dict[str, Any]) -> Any:
    return "refused" if "error" in case else (float(case["major"]), case["minor"], case["extra"])


def test_the_end_of_support_in_cores_words() -> None:
    for case in answers("cases/core_security_coverage_cases.json")["cases"]:
        today = date.fromisoformat(case["mock_date"] or "2015-01-01")
        found = support_of(case["installed_version"], feed(case["fixture_xml"]), today)
        assert (found.state, found.message) == (STATES[case["expected_severity"]], case["expected_message"]), case
        info = case["php_coverage_info_main"] or {}
        assert found.until == info.get("security_coverage_end_version", info.get("security_coverage_end_date", found.until))


def test_the_core_that_releases_need() -> None:
    cases = answers("cases/project_info_cases.json")
    for case in cases["is_core_compatible"]:
        assert is_compatible(case["installed_core"], case["constraint"]) is case["expected"]
    for case in cases["core_compatibility_ranges"]:
        core = ReleaseFeed("drupal", supported_branches=tuple(case["supported_branches"]), releases=dict.fromkeys(case["core_releases"]))  # type: ignore[arg-type]
        installed = case["core_data"]["existing_version"]
        candidates = possible_core_versions(installed, core)
        for release in (case["expected_releases"] | case["expected_security_updates"]).values():
            if not release:
                continue
            constraint = release["core_compatibility"]
            if "core_compatible" in release:
                assert is_compatible(installed, constraint) is release["core_compatible"]
                assert requirement(constraint, candidates) == release["core_compatibility_message"]
            else:
                assert candidates == []


def test_the_compatibility_of_what_is_offered_is_answered_too() -> None:
    cases = [case for case in answers("cases/update_status_cases.json")["cases"] if case["expected_core_compat"]]
    assert cases
    for case in cases:
        asked = {"project": case["project"], "installed_version": case["installed_version"], "core_version": case["core_version"],
                 "feed": str(beside(f"release-history/{case['fixture_xml']}")),
                 "core_feed": str(beside(f"release-history/{case['core_fixture_xml']}"))}
        assert explain_status(asked)["core_compatibility"] == case["expected_core_compat"]


def test_risks_have_the_published_scores() -> None:
    from webapp.catalog.cli.explain import explain_risk

    for case in answers("cases/risk_score_cases.json")["published"]:
        assert explain_risk({"risk": case["vector"]}) == {"score": case["score"], "level": case["level"]}


def test_every_status_has_a_name_of_cores() -> None:
    constants = answers("cases/update_status_cases.json")["status_constants"]
    assert {status.name: int(status) for status in UpdateStatus} == constants


def test_a_bad_line_is_answered_with_its_error() -> None:
    assert answer(explain_status, b"nonsense") == {"error": "Not well-formed JSON."}
    assert answer(explain_status, b'["a list"]') == {"error": "A line is one JSON object."}
    assert "error" in answer(explain_status, b'{"installed_version": 3, "feed": ""}')
    assert "error" in answer(explain_status, b'{"installed_version": "1.0", "feed": "/"}')
    assert answer(explain_status, b'{"installed_version": "1.0.0", "feed": "/nowhere.xml"}')["status_name"] == "NOT_FETCHED"
