"""Advisories, and the sites that they reach, as they go out."""

from __future__ import annotations

from marshmallow import fields

from webapp.catalog.values.severity import Severity
from webapp.exposure.schemas.findings import ExposureQuery, ExposureSchema, NamedSchema
from webapp.kit.web.fields import Choice, Choices, ListQuery, Moment, Output, Text, Time, Yes, said


class RiskSchema(Output):
    vector = fields.String()
    score = fields.Integer()


class CvssSchema(Output):
    vector = fields.String()
    score = fields.Float(allow_none=True)


class AffectedSchema(Output):
    package = fields.String()
    constraint = fields.String(attribute="version_constraint")
    versions = fields.List(fields.String())


class AdvisorySourceSchema(Output):
    source = fields.String()
    source_id = fields.String()
    fetched_at = Time()


class AdvisorySchema(Output):
    id = fields.UUID(attribute="public_id")
    name = fields.String()
    kind = fields.String()
    title = fields.String()
    severity = fields.String()
    risk = fields.Nested(RiskSchema, attribute="risk_said", allow_none=True)
    cvss = fields.Nested(CvssSchema, attribute="cvss_said", allow_none=True)
    aliases = fields.List(fields.String())
    packages = fields.List(fields.String())
    link = fields.String(allow_none=True)
    details = fields.String()
    published_at = Time(allow_none=True)
    modified_at = Time(allow_none=True)
    withdrawn_at = Time(allow_none=True)
    first_seen_at = Time()
    sites_exposed = fields.Integer()
    sites_hit = fields.Integer()
    next_due_at = Time(allow_none=True, metadata=said("The first deadline of your sites that stand open to it."))
    affected = fields.List(fields.Nested(AffectedSchema))
    sources = fields.List(fields.Nested(AdvisorySourceSchema))


class AdvisoryQuery(ListQuery):
    sortable = ("published_at", "severity", "name", "sites_exposed", "sites_hit", "next_due_at", "modified_at")

    organization_id = fields.UUID(metadata=said("Whose sites are counted; of all that you may see unless said."))
    severity = Choices(Severity)
    kind = Choice(["advisory", "psa"])
    name = Text(most=100, metadata=said("Any of its names: SA-CORE-2022-003, DRUPAL-CORE-2022-003, a CVE."))
    package = Text(most=200, metadata=said("A project's machine name, `drupal` for core, or a library's `vendor/package`."))
    exposed = Yes(metadata=said("Whether any of your sites stands open to it."))
    hit = Yes(metadata=said("Whether any of your sites stands open to it, or ever did."))
    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")


class AdvisorySiteSchema(ExposureSchema):
    """A finding as the page of its advisory lists it."""

    site = fields.Nested(NamedSchema)


class AdvisorySiteQuery(ExposureQuery):
    """The same filters as the findings have."""
