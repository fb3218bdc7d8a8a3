"""Webhook endpoints and deliveries as they come in and go out."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.insights.values.words import DeliveryState, Provider
from webapp.kit.web.fields import Choice, Choices, CursorQuery, Input, ListQuery, Moment, Output, ResourceOutput, Text, Time, said

SECRET = said("Shown this once. GitHub signs with it, GitLab sends it.")


class WebhookEndpointInput(Input):
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    provider = Choice(Provider, required=True)
    name = Text(most=200, least=1)


class WebhookEndpointSchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String()
    provider = fields.String(metadata={"enum": [str(each) for each in Provider]})
    path = fields.Function(lambda each: f"/api/v1/webhooks/{each.provider}/{each.id}",
                           metadata={"type": "string", **said("Where the provider is to send, on this server.")})
    last_delivery_at = Time(allow_none=True)
    former_until = Time(allow_none=True, metadata=said("Until when the secret before the last rotation is good too."))


class NewWebhookEndpointSchema(WebhookEndpointSchema):
    secret = fields.String(metadata=SECRET)


class WebhookEndpointQuery(ListQuery):
    sortable = ("name", "provider", "last_delivery_at", "created_at", "updated_at")

    name = Text(most=200)
    provider = Choice(Provider)
    organization_id = fields.UUID()


class RotateSecretInput(Input):
    overlap_hours = fields.Integer(load_default=24, validate=validate.Range(0, 720), strict=False,
                                   metadata=said("How long the present secret is good too."))


class DeliverySchema(Output):
    id = fields.UUID()
    endpoint_id = fields.UUID()
    delivery_id = fields.String(metadata=said("What the sender calls it; the same one again is not kept again."))
    event = fields.String()
    action = fields.String(allow_none=True)
    repository = fields.String(allow_none=True, metadata=said("As the provider calls it."))
    received_at = Time()
    state = fields.String(metadata={"enum": [str(each) for each in DeliveryState]})
    outcome = fields.String(allow_none=True, metadata=said("What was made of it, or why nothing."))
    finished_at = Time(allow_none=True)
    bytes = fields.Integer(attribute="bytes_count")
    replays = fields.Integer()


class WholeDeliverySchema(DeliverySchema):
    payload = fields.Raw(allow_none=True, metadata=said("What it said; null once that is forgotten."))


class ReceiptSchema(Output):
    """What a sender is told: that it came. It is not told what was made of it, which is for those who manage the endpoint."""

    id = fields.UUID()
    endpoint_id = fields.UUID()
    delivery_id = fields.String()
    event = fields.String()


class DeliveryQuery(CursorQuery):
    sortable = ("received_at",)

    event = Text(most=100)
    delivery_id = Text(most=200)
    repository = Text(most=200)
    state = Choices(DeliveryState)
    since = Moment(data_key="from", metadata=said("Received at or after."))
    until = Moment(until=True, data_key="to", metadata=said("Received before."))
