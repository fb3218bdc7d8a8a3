"""The audit log as it goes out, and its filters."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from webapp.kit.web.fields import Choice, CursorQuery, Moment, Output, Text, Time, said


class AuditRowSchema(Output):
    id = fields.UUID()
    at = Time()
    actor = fields.Function(lambda row: {"kind": row.actor_kind, "id": row.actor_id and str(row.actor_id), "label": row.actor_label},
                            metadata={"type": "object"})
    action = fields.String()
    resource_type = fields.String()
    resource_id = fields.UUID(allow_none=True)
    organization_id = fields.UUID(allow_none=True)
    status = fields.String()
    ip = fields.String(allow_none=True)
    user_agent = fields.String(allow_none=True)
    request_id = fields.String(allow_none=True)
    changes: Any = fields.Dict()


class ChainStateSchema(Output):
    """The whole server's chain: it says nothing of what the rows are about."""

    sealed = fields.Integer(attribute="head.position")
    head = fields.String(metadata=said("The last link, `position:hash`; kept elsewhere, it proves what the log was."))
    sealed_at = Time(allow_none=True)
    unsealed = fields.Integer()
    oldest_unsealed_at = Time(allow_none=True)
    checked_at = Time(allow_none=True)
    findings = fields.Integer(metadata=said("What the newest check found that is not as it was written."))


class AuditQuery(CursorQuery):
    sortable = ("at",)

    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")
    status = Choice(["success", "failure"])
    actor_id = fields.UUID()
    action = Text(most=100)
    resource_type = Text(most=100)
    resource_id = fields.UUID()
    organization_id = fields.UUID()
    request_id = Text(most=128)


