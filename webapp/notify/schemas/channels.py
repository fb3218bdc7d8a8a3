"""Channels as they come in and go out: where they deliver to comes in, and goes out no more than may be shown."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import ValidationError, fields, validate

from webapp.kit.outgoing import address_problem
from webapp.kit.web.fields import Choice, Input, ListQuery, ResourceOutput, Text, Time, Yes, said
from webapp.notify.channels import KINDS
from webapp.notify.values import ChannelState

MOST_RECIPIENTS = 50
LONGEST_URL = 2000
LONGEST_OVERLAP = 720


class Endpoint(fields.String):
    """A web address that this server may post to, as far as that can be told without asking the network."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        url = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        problem = address_problem(url, current_app.config["OUTGOING_NETWORKS"])
        if problem:
            raise ValidationError(problem)
        return url


class ChannelFields(Input):
    """What can be said of a channel at any time."""

    name = Text(most=200, least=1)
    recipients = fields.List(fields.Email(validate=validate.Length(max=254), error_messages={"invalid": "Not an e-mail address."}),
                             validate=validate.Length(max=MOST_RECIPIENTS), metadata=said("Of e-mail only: who gets it."))
    url = Endpoint(validate=validate.Length(max=LONGEST_URL), metadata=said(
        "Where messages are posted to, for every kind but e-mail. It is kept encrypted and never shown again: see `address`."))
    is_enabled = fields.Boolean(metadata=said("Nothing goes through a channel that is switched off."))


class ChannelInput(ChannelFields):
    name = Text(most=200, least=1, required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    kind = Choice(KINDS, required=True, error_messages={"required": "Say which kind of channel."})


class ChannelPatch(ChannelFields):
    """What a change may say; what cannot change may be said again."""

    organization_id = fields.UUID()
    kind = Choice(KINDS)


class ChannelSchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String()
    kind = fields.String()
    recipients = fields.List(fields.String())
    address = fields.String(metadata=said("As much of the address as may be shown; empty for e-mail."))
    is_enabled = fields.Boolean()
    disabled_reason = fields.String(allow_none=True, metadata=said("Why it was switched off by itself: its receiver answered 410."))
    state = fields.String(validate=validate.OneOf([str(each) for each in ChannelState]), metadata=said(
        "`failing` after three tries in a row that failed, or where none has ever arrived; `off` when it is switched off."))
    failures = fields.Integer(metadata=said("Tries in a row that failed."))
    failing_since = Time(allow_none=True)
    last_error = fields.String(allow_none=True)
    last_tried_at = Time(allow_none=True)
    last_delivered_at = Time(allow_none=True)
    former_secret_until = Time(allow_none=True, metadata=said("Until when messages are signed with the former secret too."))
    rules_count = fields.Integer()


class NewChannelSchema(ChannelSchema):
    secret = fields.String(attribute="shown_secret", allow_none=True, metadata=said(
        "The secret that messages are signed with; null for kinds that sign nothing. Shown this once."))


class ChannelQuery(ListQuery):
    sortable = ("name", "kind", "state", "rules_count", "last_delivered_at", "created_at", "updated_at")

    name = Text(most=200)
    organization_id = fields.UUID()
    kind = Choice(KINDS)
    state = Choice(ChannelState)
    is_enabled = Yes()


class RotateSecretInput(Input):
    overlap_hours = fields.Integer(load_default=24, validate=validate.Range(0, LONGEST_OVERLAP), metadata=said(
        "For how many hours messages are signed with the old secret too."))
