"""`/api/v1/auth/sessions`: where somebody is signed in, and ending it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.accounts import queries
from webapp.accounts.actions import signing
from webapp.accounts.api.door import P, api
from webapp.accounts.models import SignIn
from webapp.accounts.schemas import SessionQuery, SessionSchema
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor


@api.get("/auth/sessions", needs=P.OWN_ACCOUNT, query=SessionQuery, gives=SessionSchema(), lists=True)
def list_sessions(actor: Actor, query: dict[str, Any]) -> Listing:
    """Where you are signed in, by browser and for tokens."""
    return queries.find_sign_ins(actor, query, now())


@api.delete("/auth/sessions/<uuid:session_id>", needs=P.OWN_ACCOUNT, gives=SessionSchema())
def end_session(actor: Actor, session_id: UUID) -> SignIn:
    """Ends one of your sessions, cookies and tokens alike."""
    return signing.end_sign_in(actor, session_id, now())


@api.post("/auth/sessions/end-others", needs=P.OWN_ACCOUNT, idempotent=False)
def end_other_sessions(actor: Actor) -> dict[str, Any]:
    """Ends all your sessions but this one."""
    return {"ended": signing.sign_out_elsewhere(actor, now())}


@api.post("/auth/sessions/end-all", needs=P.OWN_ACCOUNT, idempotent=False)
def end_all_sessions(actor: Actor) -> dict[str, Any]:
    """Ends all your sessions, this one too."""
    return {"ended": signing.sign_out_everywhere(actor, now())}
