"""What the fleet says of a team: how many sites it has, and how they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.accounts.models import Team
from webapp.accounts.values import team_measured
from webapp.fleet.queries.sites import count_by_status, find_sites
from webapp.kit.permissions import Actor


@team_measured.connect
def measure_sites(actor: Actor, team: Team, at: datetime) -> dict[str, Any]:
    """The team's sites by status, and those that need a security update; by the queries of the lists of sites."""
    asked = {"team_id": team.id}
    counts = count_by_status(actor, asked, at)
    waiting = find_sites(actor, {**asked, "has_security_updates": True}, at).count()
    return {"sites_count": sum(counts.values()), "sites_by_status": counts, "sites_with_security_updates": waiting}
