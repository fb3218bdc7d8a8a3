"""`/api/v1/notification-channels`: where messages go, a test of it, and a new secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app

from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.resources import Resource, open_doors
from webapp.notify.actions import channels
from webapp.notify.actions.delivering import send_test
from webapp.notify.api.door import P, api
from webapp.notify.models import NotificationChannel, NotificationDelivery
from webapp.notify.queries.channels import find_channels, get_channel
from webapp.notify.schemas.channels import ChannelInput, ChannelPatch, ChannelQuery, ChannelSchema, NewChannelSchema, RotateSecretInput
from webapp.notify.schemas.deliveries import DeliverySchema

CHANNELS = Resource(
    path="/notification-channels", one="channel", many="channels", reads=P.NOTIFICATION_READ, manages=P.NOTIFICATION_MANAGE,
    query=ChannelQuery, takes=ChannelInput, patch=ChannelPatch, gives=ChannelSchema(), made=NewChannelSchema(),
    find=find_channels, get=get_channel, create=channels.create_channel, change=channels.change_channel,
    delete=channels.delete_channel, restore=channels.restore_channel,
    says={"list": "The channels of your organizations, those that fail first.",
          "create": "A new channel; the secret of one that signs is shown this once.",
          "change": "Changes a channel; it stays of its kind and in its organization.",
          "delete": "Deletes a channel that no rule uses; it can be restored."})
open_doors(api, CHANNELS)


@api.post(f"{CHANNELS.rule}/test", needs=P.NOTIFICATION_MANAGE, finds=get_channel, gives=DeliverySchema(), status=202,
          at="/notification-deliveries/{id}")
def test_channel(actor: Actor, found: NotificationChannel) -> NotificationDelivery:
    """Sends a test message; the delivery says how it went."""
    return send_test(actor, found, current_app.config["PUBLIC_URL"], now())


@api.post(f"{CHANNELS.rule}/rotate-secret", needs=P.NOTIFICATION_MANAGE, finds=get_channel, takes=RotateSecretInput,
          gives=NewChannelSchema())
def rotate_channel_secret(actor: Actor, found: NotificationChannel, body: dict[str, Any]) -> NotificationChannel:
    """A new secret, shown this once; for a while, messages are signed with the old one too."""
    return channels.rotate_secret(actor, found, timedelta(hours=body["overlap_hours"]), now())
