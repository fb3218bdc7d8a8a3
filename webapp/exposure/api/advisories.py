"""`/api/v1/advisories`."""

from __future__ import annotations

from typing import Any

from webapp.catalog.models import Advisory
from webapp.exposure import queries
from webapp.exposure.api.door import P, api
from webapp.exposure.schemas import AdvisoryQuery, AdvisorySchema, AdvisorySiteQuery, AdvisorySiteSchema
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor


@api.get("/advisories", needs=P.EXPOSURE_READ, query=AdvisoryQuery, gives=AdvisorySchema(exclude=["affected", "sources", "details"]),
         lists=True)
def list_advisories(actor: Actor, query: dict[str, Any]) -> Listing:
    """Security advisories, newest first, each with how many of your sites stand open to it."""
    return queries.find_advisories(actor, query)


@api.get("/advisories/<uuid:advisory_id>", needs=P.EXPOSURE_READ, finds=queries.get_advisory, gives=AdvisorySchema())
def show_advisory(actor: Actor, found: Advisory) -> Advisory:
    """One advisory: what it affects, how grave it is, and who says so."""
    return found


@api.get("/advisories/<uuid:advisory_id>/sites", needs=P.EXPOSURE_READ, finds=queries.get_advisory_alone, query=AdvisorySiteQuery,
         gives=AdvisorySiteSchema(), lists=True)
def list_advisory_sites(actor: Actor, found: Advisory, query: dict[str, Any]) -> Listing:
    """Your sites that are or were open to the advisory, those that still are first."""
    return queries.find_advisory_sites(actor, found, query)
