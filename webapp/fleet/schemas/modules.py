"""The modules of the fleet, their versions and their sites, as they go out."""

from __future__ import annotations

from marshmallow import fields

from webapp.catalog.values.marks import Mark
from webapp.fleet.schemas.inventory import MARKED, NEEDED, TYPES, VERDICTS, WAITING
from webapp.fleet.values import Environment
from webapp.kit.web.fields import Choice, Choices, ListQuery, Output, Query, Text, Time, Yes, said


class MarkingSchema(Output):
    kind = fields.String(metadata={"enum": list(Mark)})
    source = fields.String(metadata=said("Whose list."))
    version_constraint = fields.String(metadata=said("Which versions, in Composer's terms."))
    imported_at = Time()


class ModuleSchema(Output):
    id = fields.UUID()
    name = fields.String()
    display_name = fields.String(allow_none=True)
    project = fields.String(allow_none=True)
    type = fields.String(allow_none=True)
    sites_count = fields.Integer()
    versions_count = fields.Integer()
    updates_count = fields.Integer()
    security_updates_count = fields.Integer()
    first_seen_at = Time()


class OneModuleSchema(ModuleSchema):
    marks = fields.List(fields.Nested(MarkingSchema), metadata=said("What imported lists say of some of its versions."))


class ModuleQuery(ListQuery):
    sortable = ("name", "sites_count", "type", "first_seen_at", "versions_count", "updates_count", "security_updates_count")

    name = Text(most=255)
    project = Text(most=128)
    type = Choice(TYPES)
    organization_id = fields.UUID()
    has_updates = Yes()
    has_security_updates = Yes(metadata=said("A site that runs it says that a security update waits."))


class ModuleVersionSchema(Output):
    version = fields.String()
    released_at = Time(allow_none=True)
    is_security = fields.Boolean(allow_none=True)
    is_supported = fields.Boolean(allow_none=True)
    is_insecure = fields.Boolean(allow_none=True)
    sites_count = fields.Integer()
    marks = fields.List(fields.String(metadata={"enum": list(Mark)}), metadata=said(MARKED))
    first_seen_at = Time()


class ModuleVersionQuery(ListQuery):
    sortable = ("version", "released_at", "first_seen_at", "sites_count")

    version = Text(most=255)
    in_use = Yes(metadata=said("Whether a site runs it now."))
    organization_id = fields.UUID()


class ModuleSiteSchema(Output):
    id = fields.UUID()
    name = fields.String()
    url = fields.String()
    environment = fields.String()
    organization_id = fields.UUID()
    status = fields.String()
    version = fields.String(allow_none=True)
    enabled = fields.Boolean(allow_none=True)
    latest_version = fields.String(allow_none=True)
    update_available = fields.Boolean(allow_none=True)
    security_update = fields.Boolean(allow_none=True)
    installed_at = Time()
    last_report_at = Time(allow_none=True)


class ModuleSiteQuery(ListQuery):
    sortable = ("name", "version", "installed_at", "environment")

    version = Text(most=255)
    enabled = Yes()
    update_available = Yes()
    security_update = Yes()
    needs = Choice(WAITING, metadata=said(NEEDED))
    mark = Choices(Mark, metadata=said(MARKED))
    verdict = Choices(VERDICTS, metadata=said("Drupal's verdict on the version that it runs."))
    runs = Yes(metadata=said("Whether it is not switched off."))
    branch = Text(most=255, metadata=said("A version up to its last dot: `8.x-2.`, `6.2.`."))
    environment = Choice(Environment)
    organization_id = fields.UUID()


class CoreEndSchema(Output):
    branch = fields.String(metadata=said("10.6, or 7."))
    state = fields.String(attribute="support.state", metadata={"enum": ["supported", "ending", "ended"]})
    until = fields.String(attribute="support.until", allow_none=True,
                          metadata=said("A day, a month, or the version whose release ends it; null where only its end is known."))
    message = fields.String(attribute="support.message", allow_none=True, metadata=said("Core's own words."))
    versions = fields.List(fields.String(), metadata=said("Those in use, the newest first."))
    sites_count = fields.Integer(attribute="sites", metadata=said("The length of /sites?core_branch=…"))


class EndsSchema(Output):
    core = fields.List(fields.Nested(CoreEndSchema), metadata=said("Branches that sites run and that end within a year or have ended."))
    modules_count = fields.Integer(metadata=said("Branches of modules that are not supported any more: the length of /ends/modules."))
    sites_marked_unsupported = fields.Integer(metadata=said("Sites that run what a list marks so: /sites?mark=unsupported."))
    sites_marked_deprecated = fields.Integer()


class EndsQuery(Query):
    organization_id = fields.UUID()


class ModuleEndSchema(Output):
    module_id = fields.UUID()
    name = fields.String()
    display_name = fields.String(allow_none=True)
    branch = fields.String(metadata=said("A version up to its last dot: `8.x-2.`, `6.2.`."))
    versions = fields.List(fields.String(), metadata=said("Those in use."))
    latest_version = fields.String(allow_none=True, metadata=said("What its feed would have it go to."))
    is_whole_project = fields.Boolean(metadata=said("Drupal.org says it of the project, not of the branch."))
    sites_count = fields.Integer(metadata=said("The length of /modules/{id}/sites?verdict=not_supported&runs=true&branch=…"))


class ModuleEndQuery(ListQuery):
    sortable = ("name", "branch", "sites_count")

    organization_id = fields.UUID()
