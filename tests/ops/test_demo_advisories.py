"""The demo's advisories without a database: made up, and true to its list of releases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from webapp.catalog.values.severity import Severity
from webapp.catalog.verdicts.advisories import merged
from webapp.ops.demo.advisories import records_of
from webapp.ops.demo.releases import read_projects

TODAY = datetime(2027, 3, 14, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def projects():
    return read_projects(TODAY)


@pytest.fixture(scope="module")
def records(projects):
    return records_of(projects, TODAY)


def test_they_cover_just_what_a_security_release_has_left_behind(projects, records):
    seen = 0
    for project in projects.values():
        affected = [record.affected[0] for record in records if record.affected[0].package == project.name]
        for version in project.releases:
            assert any(each.covers(version) for each in affected) == project.is_insecure(version, TODAY), (project.name, version)
            seen += 1
    assert seen > 500


def test_they_are_named_and_rated_as_drupal_orgs_are_but_never_one_of_them(records):
    assert len({record.source_id for record in records}) == len(records) > 40
    assert all(int(record.source_id.rpartition("-")[2]) > 900 for record in records)
    assert {record.source_id.rpartition("-")[0].rpartition("-")[0] for record in records} == {"SA-CORE", "SA-CONTRIB"}
    assert {merged([record]).severity for record in records} == set(Severity)
    assert all(record.affected[0].problem is None and record.affected[0].constraint for record in records)


def test_nothing_is_published_that_is_not_out_yet(projects, records):
    middle = sorted(record.published_at for record in records)[20]
    earlier = records_of(projects, middle)
    assert earlier == [record for record in records if record.published_at <= middle]
    assert len(earlier) < len(records)
