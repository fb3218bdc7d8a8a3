"""Deliveries as they go out."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.web.fields import Choice, Choices, CursorQuery, Moment, Output, Time, said
from webapp.notify.values import DIGEST, TEST, DeliveryState, Happening

ABOUT = (*Happening, DIGEST, TEST)


class AttemptSchema(Output):
    number = fields.Integer()
    at = Time()
    outcome = fields.String(validate=validate.OneOf(["delivered", "failed"]))
    code = fields.Integer(allow_none=True, metadata=said("What the other side answered: a status of HTTP, or a code of SMTP."))
    error = fields.String(allow_none=True)
    milliseconds = fields.Integer()


class DeliveryRowSchema(Output):
    id = fields.UUID(metadata=said("Also the `webhook-id` of a webhook: the same for every try."))
    organization_id = fields.UUID()
    channel_id = fields.UUID()
    channel_name = fields.String()
    rule_id = fields.UUID(allow_none=True)
    rule_name = fields.String(allow_none=True)
    event = fields.String(metadata=said("What it is about; `digest` for several kinds together, `test` for a test."))
    state = fields.String(metadata=said("`gathering` until its time has come, `waiting` for the next try, `sending`, `delivered`, `dead`."))
    title = fields.String()
    items_count = fields.Integer()
    created_at = Time()
    due_at = Time(allow_none=True, metadata=said("When it goes on, while it gathers or waits."))
    delivered_at = Time(allow_none=True)
    tries = fields.Integer()
    last_code = fields.Integer(allow_none=True)
    last_error = fields.String(allow_none=True)


class DeliverySchema(DeliveryRowSchema):
    payload = fields.Dict(allow_none=True, metadata=said("What it says, as a webhook gets it; null until it goes out."))
    attempts = fields.List(fields.Nested(AttemptSchema))


class DeliveryQuery(CursorQuery):
    sortable = ("created_at", "due_at", "delivered_at", "tries")

    organization_id = fields.UUID()
    channel_id = fields.UUID()
    rule_id = fields.UUID()
    event = Choice(ABOUT)
    state = Choices(DeliveryState)
    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")
