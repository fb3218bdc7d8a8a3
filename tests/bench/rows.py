"""That yardstick and server do the same work: how many rows each adds to each table for one report."""

from __future__ import annotations

from tests.bench.fleet import Round
from tests.bench.phases import MOST, Plan, measure, reports
from tests.bench.stand import Stand
from tests.bench.yardstick import Yardstick

ONE = Plan(5, 1, most=1)
TABLES = (
    "installations",
    "version_changes",
    "patch_runs",
    "patch_run_updates",
    "inventory_reports",
    "audit_log",
    "job_outbox",
)
CLOSED = "SELECT count(*) FROM installations WHERE valid_to IS NOT NULL"


def check_same_rows(stand: Stand, sites: Round, yardstick: Yardstick) -> None:
    """Raises unless a changed and an unchanged report add as many rows by hand as through the server."""
    for kind, by_hand, nth in (
        ("changed", yardstick.changed, sites.changed),
        ("unchanged", yardstick.unchanged, sites.unchanged),
    ):
        before = counted(stand)
        by_hand(MOST, 1)
        between = counted(stand)
        _, load = measure(stand, kind, reports(stand, nth, sites, ONE), ONE)
        sites.done += load.done if kind == "changed" else 0
        after = counted(stand)
        ours = {name: between[name] - before[name] for name in before}
        theirs = {name: after[name] - between[name] for name in before}
        if ours != theirs:
            raise RuntimeError(f"A {kind} report writes other rows by hand ({ours}) than through the server ({theirs}).")


def counted(stand: Stand) -> dict[str, int]:
    """Rows by table."""
    connection = stand.as_superuser()
    try:
        with connection.cursor() as cursor:
            found = {}
            for name, statement in {
                **{each: f"SELECT count(*) FROM {each}" for each in TABLES},
                "ended": CLOSED,
            }.items():
                cursor.execute(statement)
                found[name] = cursor.fetchone()[0]
            return found
    finally:
        connection.close()
