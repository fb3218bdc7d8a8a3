"""Real sites' histories and OSV's advisories: the exposures are those that were computed from the lock files alone.

Skipped where the data are not beside the checkout. All 21 sites take some minutes; three of them, in both orders, are tried here.
"""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from webapp.catalog.actions.advisories import import_advisories
from webapp.catalog.actions.importing import import_feeds
from webapp.exposure.actions.evaluation import evaluate
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, rows, unit_of_work
from webapp.ops.demo.histories import read_histories
from webapp.ops.demo.replay import replay

DATA = Path(__file__).parents[3] / "shared" / "data"
OWNERS = ("OliverDaviesLtd", "amazeeio", "FoodStandardsAgency")
EXPOSURES = """
SELECT s.url, a.name, e.n, e.started_at, e.ended_at, e.version, e.fixed_version
FROM exposures e JOIN sites s ON s.id = e.site_id JOIN advisories a ON a.id = e.advisory_id
"""
REPORTLESS = """
SELECT count(*) AS n FROM exposures
WHERE ended_at IS NOT NULL AND closed_report_id IS NULL OR n = 1 AND opened_report_id IS NULL
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real data (../shared/data) are not here")]


@cache
def expected(owner: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The file's rows of an owner, by site and advisory."""
    with gzip.open(DATA / "fleet" / "fleet-exposure.jsonl.gz", "rt") as file:
        found = [row for row in map(json.loads, file) if row["repo"].startswith(f"{owner}/")]
    return {(f"https://github.com/{row['repo']}", row["advisory"].replace("DRUPAL-", "SA-")): row for row in found}


def advisories_first(owner: str) -> None:
    publish(osv())
    play(owner)


def reports_first(owner: str) -> None:
    play(owner)
    evaluate(publish(osv()), now())


def osv() -> list[Any]:
    found = [record for file in import_feeds(DATA / "advisories" / "osv-drupal", now()) for record in file.advisories]
    assert len(found) > 500
    return found


def publish(records: list[Any]) -> list[int]:
    with unit_of_work(ALL):
        return list(import_advisories(records, now()).ids)


def play(owner: str) -> None:
    (done,) = replay([next(read_histories(DATA / "fleet", owner))], now())
    assert done.is_exact


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("happens", [advisories_first, reports_first], ids=lambda each: each.__name__)
def test_exposures_of_a_real_site_are_those_of_its_lock_files(app: Any, owner: str, happens: Any) -> None:
    with app.app_context():
        happens(owner)
        enter_scope(ALL)
        ours = {(row.url, row.name): row for row in rows(EXPOSURES) if row.n == 1}
        wanted = expected(owner)
        assert len(wanted) > 20
        assert {key: (ours[key].started_at, ours[key].ended_at) for key in wanted} == {
            key: (time(row["exposed_from"]), time(row["fixed_at"])) for key, row in wanted.items()}
        assert {key: ours[key].ended_at is None for key in wanted} == {key: row["open_at_last_commit"] for key, row in wanted.items()}
        assert not set(ours) - set(wanted)
        assert rows(REPORTLESS)[0].n == 0


def time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
