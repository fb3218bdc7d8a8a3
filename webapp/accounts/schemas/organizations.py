"""Organizations and their settings as they come in and go out."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, validate, validates

from webapp.accounts.values import DeveloperMetrics
from webapp.kit.web.fields import Choice, Input, ListQuery, Output, ResourceOutput, Text

SLUG = validate.Regexp(r"^[a-z0-9]([a-z0-9\-]{0,58}[a-z0-9])?$", error="Lower-case letters, digits and hyphens.")
DAYS = validate.Range(1, 365, error="Must be a whole number from 1 to 365.")

HOURS = validate.Range(1, 720, error="Must be a whole number from 1 to 720.")


class SlaDays(Input):
    """Days until a security update must be installed, by severity."""

    critical = fields.Integer(validate=DAYS)
    high = fields.Integer(validate=DAYS)
    moderate = fields.Integer(validate=DAYS)
    low = fields.Integer(validate=DAYS)


class OrganizationSettings(Input):
    timezone = fields.String()
    default_language = fields.String(validate=validate.Regexp(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", error="A language tag, such as en."))
    sla_days = fields.Nested(SlaDays)
    attribution_hours = fields.Integer(validate=HOURS, metadata={
        "description": "How many hours before an incident a deployment may have been its cause where nobody names one; 24 unless set."})
    require_second_approver = fields.Boolean(metadata={"description": "Accepting a risk takes a second person."})
    require_two_factor = fields.Boolean(metadata={"description": "Whether members need a second factor to see anything of it."})

    developer_metrics = Choice(DeveloperMetrics, metadata={"description": "Who sees the numbers of one developer; `self+lead` unless set."})
    pseudonymise_developers = fields.Boolean(metadata={"description": "Whether developers are called `anon-7`, but to admins."})

    @validates("timezone")
    def known_zone(self, value: str, **_: Any) -> None:
        if value not in available_timezones():
            raise ValidationError("Not a time zone of the IANA database, such as Europe/Vienna.")


class OrganizationInput(Input):
    name = Text(most=200, least=1, required=True)
    slug = fields.String(validate=SLUG)
    description = Text(most=2000)
    settings = fields.Nested(OrganizationSettings)


class DeadlinesSchema(Output):
    """Days until a security update must be installed, by severity."""

    critical = fields.Integer()
    high = fields.Integer()
    moderate = fields.Integer()
    low = fields.Integer()


class SettingsInForceSchema(Output):
    """What holds in the organization: what was chosen, and the defaults where nothing was."""

    timezone = fields.String()
    default_language = fields.String()
    sla_days = fields.Nested(DeadlinesSchema)
    attribution_hours = fields.Integer()
    require_second_approver = fields.Boolean()
    require_two_factor = fields.Boolean()
    developer_metrics = fields.String()
    pseudonymise_developers = fields.Boolean()


class OrganizationSchema(ResourceOutput):
    name = fields.String()
    slug = fields.String()
    description = fields.String()
    settings = fields.Nested(SettingsInForceSchema, attribute="settings_in_force")


class OrganizationQuery(ListQuery):
    sortable = ("name", "created_at", "updated_at")

    name = Text(most=200)
    slug = Text(most=60)


class ConfirmInput(Input):
    """The word that is typed before something is deleted."""

    confirm = Text(most=200, required=True)
