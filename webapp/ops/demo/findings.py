"""What the demo's sites are open to: its advisories taken in, the clocks set, and what its people have decided about some of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from webapp.catalog.actions.advisories import import_advisories
from webapp.exposure.actions.deciding import decide
from webapp.exposure.actions.evaluation import evaluate
from webapp.exposure.actions.settling import Settled
from webapp.exposure.models import RiskDecision
from webapp.exposure.queries import find_exposures, get_exposures
from webapp.kit.db import ALL, db, unit_of_work
from webapp.ops.demo.advisories import records_of
from webapp.ops.demo.fleet import keeper_of
from webapp.ops.demo.places import PLACES
from webapp.ops.demo.releases import Project

DECISIONS: Final = (
    ("accepted", "moderate", "The form is switched off until the relaunch; editors sign in through the VPN only.", 60),
    ("false_positive", "high", "The affected submodule is not part of our build: its folder is removed when we deploy.", 180),
    ("accepted", "low", "Only editors could use this, and the theme breaks with the fixed version. The agency works on it.", 30),
)
"""What one organization each has decided: kind, severity looked for first, reason, and for how many days from now."""
AGO: Final = timedelta(days=3)


def make_findings(projects: dict[str, Project], today: datetime) -> Settled:
    """Takes in the demo's advisories and looks at the fleet by them, as a worker would; a second time changes nothing."""
    with unit_of_work(ALL):
        done = import_advisories(records_of(projects, today), today)
    settled = evaluate(done.ids, today)
    with unit_of_work(ALL):
        if not db.session.scalar(select(func.count()).select_from(RiskDecision)):
            _decide(today)
    return settled


def _decide(today: datetime) -> None:
    for place, (kind, severity, reason, days) in zip(PLACES, DECISIONS, strict=False):
        keeper = keeper_of(place)
        admin = keeper.people[0]
        listing = find_exposures(admin, {"organization_id": keeper.organization.id, "state": ["open"], "verified": True}, today)
        found = listing.fetch(listing.ordered(["site", "advisory"]).limit(500))
        chosen = next((row for row in found if row["severity"] == severity), found[0] if found else None)
        if chosen:
            body = {"kind": kind, "reason": reason, "expires_at": today + timedelta(days=days)}
            decide(admin, get_exposures(admin, [chosen["id"]]), body, today - AGO)
