"""Accepting risks: choose findings in the list, say why and until when."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import fields, pre_load

from webapp.exposure import queries
from webapp.exposure.actions import deciding
from webapp.exposure.pages.door import P, pages
from webapp.exposure.schemas import AcceptInput
from webapp.kit.clock import now, stamp
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import go, go_to, page, within

USUAL = timedelta(days=90)
MOST_CHOSEN = 200
"""As many as a page of the list can have."""


class AcceptForm(AcceptInput):
    """The body of an acceptance as a form gives it: a day stands for its end."""

    ids = fields.List(fields.UUID(), required=True)

    @pre_load
    def end_of_day(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        day = data.get("expires_at", "")
        try:
            whole = datetime.combine(datetime.fromisoformat(day).date(), time(23, 59, 59), now().tzinfo)
        except ValueError:
            return data
        return {**data, "expires_at": stamp(whole)}


@pages.post("/exposures/accept", needs=P.EXPOSURE_DECIDE)
def prepare_acceptance(actor: Actor, form: Form | None = None) -> Response:
    """The chosen findings, and what accepting them takes."""
    chosen = _chosen(actor)
    if not chosen:
        return go("exposure_pages.list_exposures", say="Choose findings first, then accept them.")
    return page("exposure/accept.html", form=form or Form({"expires_at": f"{now() + USUAL:%Y-%m-%d}"}), found=chosen,
                advisories=len({row["advisory_id"] for row in chosen}))


@pages.post("/exposures/accept/apply", needs=P.EXPOSURE_DECIDE, takes=AcceptForm, again=prepare_acceptance)
def accept(actor: Actor, body: dict[str, Any]) -> Response:
    """Accepts them, all or none."""
    made = deciding.decide(actor, queries.get_exposures(actor, body.pop("ids")), body, now())
    waits = any(decision.approved_at is None for decision in made)
    say = "Proposed. They stay open until a second person approves." if waits else "Accepted until then; they are open again afterwards."
    return go("exposure_pages.list_decisions" if waits else "exposure_pages.list_exposures", say=say)


@pages.get("/risk-decisions", needs=P.EXPOSURE_READ)
def list_decisions(actor: Actor) -> Response:
    """What was decided, by whom, and until when it holds?"""
    listing = queries.find_decisions(actor, within(actor, {}))
    found = queries.with_names(actor, listing.fetch(listing.ordered().limit(MOST_CHOSEN)))
    return page("exposure/decisions.html", decisions=found, most=MOST_CHOSEN, now=now(), may_decide=actor.may(P.EXPOSURE_DECIDE),
                may_approve=actor.may(P.EXPOSURE_APPROVE), me=actor.id)


@pages.post("/risk-decisions/<uuid:decision_id>/approve", needs=P.EXPOSURE_APPROVE)
def approve(actor: Actor, decision_id: UUID) -> Response:
    """Puts it in force."""
    deciding.approve(actor, queries.get_decision(actor, decision_id, lock=True), now())
    return go_to("/risk-decisions", say="Approved: it is in force now.")


@pages.post("/risk-decisions/<uuid:decision_id>/end", needs=P.EXPOSURE_DECIDE)
def end(actor: Actor, decision_id: UUID) -> Response:
    """Takes it back."""
    deciding.end_decision(actor, queries.get_decision(actor, decision_id, lock=True), now())
    return go_to("/risk-decisions", say="Ended: its findings are open again.")


def _chosen(actor: Actor) -> list[dict[str, Any]]:
    """The findings that were checked, as far as the actor sees them and they are open."""
    try:
        ids = [UUID(text) for text in request.form.getlist("ids")]
    except ValueError:
        raise Invalid("These are no findings.") from None
    return queries.find_chosen(actor, ids[:MOST_CHOSEN])
