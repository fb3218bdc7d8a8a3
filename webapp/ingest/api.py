"""`POST /api/v1/sites/{id}/modules` and `/api/v1/ingest`: what sites send."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.ingest import actions
from webapp.ingest.formats.texts import what_text_is
from webapp.ingest.schemas import BODY, ReceiptSchema
from webapp.kit.clock import now
from webapp.kit.db import commit, rollback
from webapp.kit.errors import Invalid, Malformed, PatchboardError
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.bodies import parse_json, read_bytes
from webapp.kit.web.doors import Doors

api = Doors("ingest", __name__, tag="Reports from sites")


@api.post("/sites/<uuid:site_id>/modules", needs=Permission.INVENTORY_POST, gives=ReceiptSchema(), extra=BODY)
def post_modules(actor: Actor, site_id: UUID) -> dict[str, Any]:
    """A site's report: what is installed on it now, or was at `reported_at`."""
    return receive(actor, site_id)


@api.post("/ingest", needs=Permission.INVENTORY_POST, gives=ReceiptSchema(), extra=BODY)
def ingest(actor: Actor) -> dict[str, Any]:
    """The same, for agents that know only their key."""
    return receive(actor, None)


def receive(actor: Actor, site_id: UUID | None) -> dict[str, Any]:
    """Takes a body in; what is wrong with it is noted beside the site before it is answered."""
    site = actions.site_of(actor, site_id, now())
    envelope = actions.envelope_of(b"", actor)
    try:
        actions.require_signature(actor, site)
        raw = read_bytes()
        envelope = actions.envelope_of(raw, actor)
        if not raw.strip():
            raise Invalid("The body is empty. An empty output means that the command failed or was removed, not that nothing is there.")
        return actions.repeat(site, envelope, now()) or actions.receive_report(actor, site.id, parsed(raw), envelope, now())
    except PatchboardError as problem:
        rollback()
        actions.refuse(site, envelope, problem.message, now())
        commit()
        raise


def parsed(raw: bytes) -> Any:
    """The body as JSON. Invalid for the error messages of known commands, Malformed for anything else that is not JSON."""
    try:
        return parse_json(raw)
    except Malformed:
        reason = what_text_is(raw[:2000].decode("utf-8", "replace"))
        if reason is None:
            raise
        raise Invalid(reason) from None
