"""`/api/v1/audit-logs`."""

from __future__ import annotations

from typing import Any

from webapp.audit.models import AuditRow
from webapp.audit.queries import ChainState, find_chain_state, find_rows, get_row
from webapp.audit.schemas import AuditQuery, AuditRowSchema, ChainStateSchema
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors

api = Doors("audit", __name__, tag="Audit log")


@api.get("/audit-logs", needs=Permission.AUDIT_READ, query=AuditQuery, gives=AuditRowSchema(), lists=True)
def list_audit_rows(actor: Actor, query: dict[str, Any]) -> Listing:
    """Who did what, newest first."""
    return find_rows(actor, query)


@api.get("/audit-logs/chain", needs=Permission.AUDIT_READ, gives=ChainStateSchema())
def show_chain(actor: Actor) -> ChainState:
    """How far the audit log is sealed, with the head to be kept elsewhere, and what the newest check found."""
    return find_chain_state()


@api.get("/audit-logs/<uuid:row_id>", needs=Permission.AUDIT_READ, finds=get_row, gives=AuditRowSchema())
def show_audit_row(actor: Actor, found: AuditRow) -> AuditRow:
    """One row of the audit log."""
    return found
