"""`/api/v1/notification-deliveries`: what was delivered, with every try, and sending it again."""

from __future__ import annotations

from typing import Any

from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.notify.actions.delivering import redeliver
from webapp.notify.api.door import P, api
from webapp.notify.models import NotificationDelivery
from webapp.notify.queries.deliveries import find_deliveries, get_delivery
from webapp.notify.schemas.deliveries import DeliveryQuery, DeliveryRowSchema, DeliverySchema

DELIVERY = "/notification-deliveries/<uuid:delivery_id>"


@api.get("/notification-deliveries", needs=P.NOTIFICATION_READ, query=DeliveryQuery, gives=DeliveryRowSchema(), lists=True)
def list_deliveries(actor: Actor, query: dict[str, Any]) -> Listing:
    """The deliveries of your organizations, newest first."""
    return find_deliveries(actor, query)


@api.get(DELIVERY, needs=P.NOTIFICATION_READ, finds=get_delivery, gives=DeliverySchema())
def show_delivery(actor: Actor, found: NotificationDelivery) -> NotificationDelivery:
    """One delivery: what it says, and every try."""
    return found


@api.post(f"{DELIVERY}/redeliver", needs=P.NOTIFICATION_MANAGE, finds=get_delivery, gives=DeliverySchema(), status=202,
          at="/notification-deliveries/{id}")
def redeliver_delivery(actor: Actor, found: NotificationDelivery) -> NotificationDelivery:
    """Sends it again, as it was and under the same id."""
    return redeliver(actor, found, now())
