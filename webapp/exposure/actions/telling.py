"""Telling whoever looks at a site, its organization or the fleet what it is open to now, and what was decided about that."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from webapp.exposure.models import RiskDecision
from webapp.fleet.actions.announcing import FLEET, tell_of_site
from webapp.kit.events import announce, note

SINGLY: Final = 100
"""Up to how many sites, or decisions, each is told of by itself; more are told of once for each organization."""


def tell_of_exposures(happened: Iterable[tuple[UUID, UUID, str]], at: datetime) -> None:
    """Announces what became of the findings of these sites, given as (site, organization, event) for each finding.

    One `exposure.changed` a site, with how many were opened, reopened, closed and so on.
    """
    by_site: dict[UUID, Counter[str]] = defaultdict(Counter)
    places: dict[UUID, UUID] = {}
    for site_id, organization_id, event in happened:
        by_site[site_id][event] += 1
        places[site_id] = organization_id
    if len(by_site) <= SINGLY:
        for site_id, counts in by_site.items():
            tell_of_site("exposure.changed", site_id, places[site_id], dict(counts), at)
        return
    for organization_id in sorted(set(places.values()), key=str):
        its = [site_id for site_id, place in places.items() if place == organization_id]
        whole = sum((by_site[site_id] for site_id in its), Counter())
        told = {"organization_id": str(organization_id), "sites": len(its), **whole}
        announce("exposure.changed", _topics(organization_id, its), told, at, organization_id)


OPENED: Final = "exposure.opened"
NOTED: Final = {"opened": OPENED, "reopened": OPENED, "closed": "exposure.closed"}


def note_exposures(found: Iterable[tuple[UUID, UUID, int, str | None]], at: datetime) -> list[tuple[UUID, UUID, int]]:
    """Notes which findings were opened and closed, given as (site, organization, advisory, event); those that were opened come back."""
    things: dict[tuple[str, UUID], list[dict[str, UUID | int]]] = defaultdict(list)
    opened = []
    for site_id, organization_id, advisory_id, event in found:
        kind = NOTED.get(event or "")
        if kind is not None:
            things[kind, organization_id].append({"site": site_id, "advisory": advisory_id})
        if kind == OPENED:
            opened.append((site_id, organization_id, advisory_id))
    for (kind, organization_id), its in things.items():
        note(kind, organization_id, its, at)
    return opened


def tell_of_decisions(decisions: Sequence[RiskDecision], touched: Mapping[UUID, Collection[UUID]], at: datetime) -> None:
    """Announces that decisions were proposed, are in force, or have ended; `touched`: sites whose findings follow, by organization."""
    by_place: dict[UUID, list[RiskDecision]] = defaultdict(list)
    for decision in decisions:
        by_place[decision.organization_id].append(decision)
    for organization_id, its in by_place.items():
        sites = {*touched.get(organization_id, ()), *(each.site_id for each in its if each.site_id)}
        if len(its) > SINGLY:
            told = {"organization_id": str(organization_id), "decisions": len(its)}
            announce(f"risk_decision.{_standing(its[0])}", _topics(organization_id, sites), told, at, organization_id)
            continue
        for each in its:
            told = {"organization_id": str(organization_id), "risk_decision_id": str(each.id), "kind": each.kind}
            where = {each.site_id} if each.site_id else sites
            announce(f"risk_decision.{_standing(each)}", _topics(organization_id, where), told, at, organization_id)


def _topics(organization_id: UUID, sites: Collection[UUID]) -> tuple[str, ...]:
    return (f"org:{organization_id}", FLEET, *(f"site:{site_id}" for site_id in sites))


def _standing(decision: RiskDecision) -> str:
    """As the list of decisions calls it."""
    return "ended" if decision.ended_at else "proposed" if decision.approved_at is None else "in_force"
