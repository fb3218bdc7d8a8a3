"""A person's calendar address."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.web.fields import Output, Query, Time, said


class CalendarSchema(Output):
    is_open = fields.Boolean()
    created_at = Time(allow_none=True)
    url = fields.String(allow_none=True, metadata=said("Its address, with its secret: shown once, when it is made."))


class CalendarQuery(Query):
    token = fields.String(required=True, validate=validate.Length(1, 200), metadata=said("The secret of the address."))
