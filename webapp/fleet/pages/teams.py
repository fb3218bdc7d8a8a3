"""`/teams/{id}`: one team, who is in it, and how its sites stand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.accounts.queries import find_team_members, get_any_team
from webapp.fleet import queries
from webapp.fleet.pages.door import pages
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import page

P = Permission
MOST_SITES, MOST_MEMBERS = 10, 20
UNWELL = ["vulnerable", "unsupported", "silent", "unknown", "outdated"]


@pages.get("/teams/<uuid:team_id>", needs=P.TEAM_READ)
def show_team(actor: Actor, team_id: UUID) -> Response:
    """What does it look after, and how does that stand?"""
    team, at = get_any_team(actor, team_id), now()
    inside = find_team_members(team, {})
    unwell = queries.find_sites(actor, {"team_id": team.id, "status": UNWELL}, at)
    return page("fleet/team.html", team=team, now=at, verdict=verdict_of(team.metrics), address=f"/sites?team_id={team.id}",  # type: ignore[attr-defined]
                members=inside.fetch(inside.ordered().limit(MOST_MEMBERS)), worst=unwell.fetch(unwell.ordered().limit(MOST_SITES)),
                may_manage=actor.may(P.TEAM_MANAGE, team.organization_id))


def verdict_of(metrics: dict[str, Any]) -> tuple[str, str]:
    """The status that colours the answer, and the answer in one sentence; what cannot be judged is never called well."""
    counts, total = metrics["sites_by_status"], metrics["sites_count"]
    unheard = counts["silent"] + counts["unknown"]
    if not total:
        return "unknown", "It looks after no site yet"
    if counts["vulnerable"]:
        return "vulnerable", f"{_of(counts['vulnerable'], total)} {_has(counts['vulnerable'])} a security update waiting"
    if counts["unsupported"]:
        return "unsupported", f"{_of(counts['unsupported'], total)} {'runs' if counts['unsupported'] == 1 else 'run'} what is not supported"
    if unheard:
        return "silent" if counts["silent"] else "unknown", f"{_of(unheard, total)} cannot be judged"
    if counts["outdated"]:
        return "ok", "No site has a security update waiting"
    return "ok", "Its one site is up to date" if total == 1 else f"All {total:,} sites are up to date"


def _of(part: int, total: int) -> str:
    return f"{part:,} of {total:,} {'site' if total == 1 else 'sites'}"


def _has(number: int) -> str:
    return "has" if number == 1 else "have"
