"""`/notification-deliveries`: every message, every try, and sending one again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import Response

from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import ListView, go, page, within
from webapp.notify.actions.delivering import redeliver
from webapp.notify.pages.door import pages
from webapp.notify.pages.words import ABOUT, DELIVERIES, frame, options
from webapp.notify.queries.channels import find_channels_to_choose
from webapp.notify.queries.deliveries import find_deliveries, get_delivery
from webapp.notify.schemas.deliveries import DeliveryQuery

P = Permission
LIST = "/notification-deliveries"
DELIVERY = f"{LIST}/<uuid:delivery_id>"


@pages.get(LIST, needs=P.NOTIFICATION_READ, query=DeliveryQuery)
def list_deliveries(actor: Actor, query: dict[str, Any]) -> Response:
    """What was told to whom, newest first."""
    asked = within(actor, query)
    channels = [{"value": str(each.id), "label": each.name} for each in find_channels_to_choose(actor, asked.get("organization_id"))]
    return page("notify/deliveries.html", block="content", listing=ListView(find_deliveries(actor, asked), asked, f"/api/v1{LIST}"),
                place=asked.get("organization_id"), states=options({state: word for state, (_, word) in DELIVERIES.items()}),
                abouts=options(ABOUT), channels=channels, **frame(LIST))


@pages.get(DELIVERY, needs=P.NOTIFICATION_READ)
def show_delivery(actor: Actor, delivery_id: UUID) -> Response:
    """One message: what it says, and every try."""
    found = get_delivery(actor, delivery_id)
    document = orjson.dumps(found.payload, option=orjson.OPT_INDENT_2).decode() if found.payload else None
    return page("notify/delivery.html", found=found, document=document,
                may_manage=actor.may(P.NOTIFICATION_MANAGE, found.organization_id), **frame(LIST))


@pages.post(f"{DELIVERY}/redeliver", needs=P.NOTIFICATION_MANAGE)
def redeliver_delivery(actor: Actor, delivery_id: UUID) -> Response:
    """Sends a message again, as it was."""
    sent = redeliver(actor, get_delivery(actor, delivery_id, lock=True), now())
    return go("notify_pages.show_delivery", say="It is on its way again.", delivery_id=sent.id)
