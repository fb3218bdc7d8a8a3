"""API keys as they come in and go out."""

from __future__ import annotations

import ipaddress
from typing import Any

from marshmallow import ValidationError, fields, validate

from webapp.kit.permissions import Scope
from webapp.kit.web.fields import Choice, Input, ListQuery, Moment, ResourceOutput, Text, Time

MAPPED = 96
"""Bits before an IPv4 address that is written as IPv6."""


class Address(fields.String):
    """An IP address or a network in CIDR form; what is IPv4 written as IPv6 (`::ffff:203.0.113.0/120`) is kept as IPv4."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            network = ipaddress.ip_network(str(super()._deserialize(value, attr, data, **kwargs)), strict=False)
        except ValueError:
            raise ValidationError("Not an IP address or network.") from None
        mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
        return str(network if mapped is None or network.prefixlen < MAPPED else ipaddress.ip_network((mapped, network.prefixlen - MAPPED)))


class KeyPatch(Input):
    name = Text(most=200, least=1)
    scopes = fields.List(Choice(Scope), validate=validate.Length(min=1))
    expires_at = Time(allow_none=True)
    allowed_ips = fields.List(Address())


class KeyInput(KeyPatch):
    name = Text(most=200, least=1, required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    site_id = fields.UUID(allow_none=True)


class KeyForm(KeyInput):
    """A key as a form gives it: a site by its name or address, and the last day as a date."""

    site = Text(most=500)
    expires_at = Moment(until=True, allow_none=True)


class KeySchema(ResourceOutput):
    name = fields.String()
    organization_id = fields.UUID()
    site_id = fields.UUID(allow_none=True)
    scopes = fields.List(fields.String())
    prefix = fields.String()
    expires_at = Time(allow_none=True)
    allowed_ips = fields.List(fields.String())
    last_used_at = Time(allow_none=True)


class NewKeySchema(KeySchema):
    secret = fields.String(metadata={"description": "Shown this once."})


class KeyQuery(ListQuery):
    sortable = ("name", "created_at", "last_used_at")

    name = Text(most=200)
    scope = Choice(Scope)
    organization_id = fields.UUID()
    site_id = fields.UUID()


class RotateInput(Input):
    overlap_hours = fields.Integer(load_default=24, validate=validate.Range(0, 720))
