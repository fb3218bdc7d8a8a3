"""Reports as they come in and go out, and their filters."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from webapp.kit.web.fields import OTHER_NAMES, Choice, Choices, Input, ListQuery, Moment, Output, Query, ResourceOutput, Time
from webapp.reports.formats import why_no_pdf
from webapp.reports.shelf import KINDS
from webapp.reports.shelf.compliance import ComplianceFilters
from webapp.reports.shelf.module_updates import UpdatesFilters
from webapp.reports.shelf.patch_run import RunFilters
from webapp.reports.values import Format, Status

BY_SITE_SORTS = ("site", "updates_count", "security_updates_count")
RATE = {"description": "Runs with status success, as a fraction of all runs (0 to 1, four decimals); null without runs."}
HOURS = {"description": "Hours; null where neither a release date nor an advisory is known."}


class FormatChoice(fields.String):
    """A format that reports are built in; PDF is refused with the reason where the system's Pango is missing."""

    openapi: ClassVar[dict[str, Any]] = {"enum": [str(each) for each in Format]}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in list(Format):
            raise ValidationError(f"Must be one of: {', '.join(Format)}.")
        reason = why_no_pdf() if text == Format.PDF else None
        if reason:
            raise ValidationError(reason)
        return str(text)


class ReportInput(Input):
    """What to build. `parameters` are the filters of the live report of this kind."""

    kind = Choice(sorted(KINDS), required=True)
    parameters = fields.Dict(keys=fields.String(), load_default=dict)
    formats = fields.List(FormatChoice(), load_default=lambda: [Format.CSV.value], validate=validate.Length(min=1, max=8))

    @post_load
    def with_known_parameters(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Checks the parameters by the schema of their kind, and keeps them as they were given."""
        kind = KINDS[data["kind"]]
        try:
            kind.parameters().load(data["parameters"])
        except ValidationError as problem:
            raise ValidationError({"parameters": problem.messages}) from None
        parameters = {OTHER_NAMES.get(name, name): value for name, value in data["parameters"].items()}
        return {"kind": kind.name, "title": kind.title, "parameters": parameters, "formats": list(dict.fromkeys(data["formats"]))}


class FileSchema(Output):
    format = fields.String()
    bytes = fields.Integer()
    sha256 = fields.String()


class ReportSchema(ResourceOutput):
    kind = fields.String()
    title = fields.String()
    organization_id = fields.UUID(allow_none=True, metadata={"description": "Null where the report spans several organizations."})
    parameters: Any = fields.Dict()
    formats = fields.List(fields.String())
    status = Choice(Status)
    stage = fields.String(metadata={"description": "What is being done, for people."})
    progress = fields.Integer(metadata={"description": "0 to 100; it never goes back within a build."})
    rows = fields.Integer()
    snapshot_at = Time(allow_none=True)
    started_at = Time(allow_none=True)
    finished_at = Time(allow_none=True)
    error = fields.String(allow_none=True)
    schedule_id = fields.UUID(allow_none=True, metadata={"description": "The schedule that it was made by."})
    files = fields.List(fields.Nested(FileSchema))
    sha256 = fields.Function(lambda report: {file.format: file.sha256 for file in report.files},
                             metadata={"type": "object", "description": "The SHA-256 of each file, in hexadecimal, by format."})


class ReportQuery(ListQuery):
    sortable = ("created_at", "finished_at", "status", "kind", "title", "rows")

    kind = Choice(sorted(KINDS))
    status = Choices(Status)
    organization_id = fields.UUID()
    created_by = fields.UUID()
    schedule_id = fields.UUID()
    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")


class DownloadQuery(Query):
    format = Choice(Format)


# ---- live reports

class ExposedSiteSchema(Output):
    id = fields.UUID()
    name = fields.String()
    version = fields.String(allow_none=True)
    environment = fields.String()
    exposed_hours = fields.Float(allow_none=True, metadata={
        "description": "Hours that its exposure has lasted; where no advisory is known, since the site first called its version insecure."})


class KnownAdvisorySchema(Output):
    id = fields.UUID()
    name = fields.String()
    severity = fields.String()


class Ready(fields.List[Any]):
    """A list whose items are as they go out already: tens of thousands of them are not copied one by one."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return value


class UpdateSchema(Output):
    """One module that some sites need an update of; by what the sites themselves say."""

    module = fields.String()
    project = fields.String(allow_none=True)
    latest_version = fields.String(allow_none=True, metadata={"description": "The newest that any of the sites names."})
    security = fields.Boolean()
    severity = fields.String(allow_none=True, metadata={
        "description": "The gravest of its open advisories; unknown for a security update without one."})
    advisories: Any = Ready(fields.Nested(KnownAdvisorySchema))
    sites_count = fields.Integer()
    sites = Ready(fields.Nested(ExposedSiteSchema))


class UpdateExport(UpdateSchema):
    sites = fields.String()  # type: ignore[assignment]  # their names, in one cell
    advisories = fields.Function(lambda row: ", ".join(each["name"] for each in row["advisories"]))


class SiteSchema(Output):
    id = fields.UUID()
    name = fields.String()
    environment = fields.String()
    url = fields.String()


class NeededUpdateSchema(Output):
    module = fields.String()
    project = fields.String(allow_none=True)
    version = fields.String(allow_none=True)
    latest_version = fields.String(allow_none=True)
    security = fields.Boolean()
    severity = fields.String(allow_none=True)
    advisories: Any = Ready(fields.Nested(KnownAdvisorySchema))
    exposed_hours = fields.Float(allow_none=True)


class SiteUpdatesSchema(Output):
    """One site that needs updates (`group_by=site`)."""

    site = fields.Nested(SiteSchema)
    updates_count = fields.Integer()
    security_updates_count = fields.Integer()
    modules = Ready(fields.Nested(NeededUpdateSchema))


class SiteUpdatesExport(Output):
    site_id = fields.UUID()
    site_name = fields.String()
    site_environment = fields.String()
    site_url = fields.String()
    updates_count = fields.Integer()
    security_updates_count = fields.Integer()
    modules = fields.String()


class UpdatesQuery(ListQuery, UpdatesFilters):  # type: ignore[misc]  # read as an address is, not as a body
    sortable = ("module", "project", "security", "severity", "sites_count", *BY_SITE_SORTS)

    group_by = Choice(["module", "site"], load_default="module", metadata={"description": "One row for each module, or for each site."})

    @validates_schema
    def sort_of_its_group(self, data: dict[str, Any], **_: Any) -> None:
        taken = [key for key in self.sortable if (key in BY_SITE_SORTS) == (data.get("group_by") == "site")]
        asked = [key.removeprefix("-") for key in (data.get("sort") or "").split(",") if key]
        if any(key in self.sortable and key not in taken for key in asked):
            raise ValidationError(f"Not a sort key of this grouping. Allowed: {', '.join(taken)}.", "sort")


class LagSchema(Output):
    median_hours = fields.Float(allow_none=True, metadata=HOURS)
    p90_hours = fields.Float(allow_none=True, metadata=HOURS)
    updates = fields.Integer(metadata={"description": "How many updates with a known release date these come from."})


class UpdateLagSchema(LagSchema):
    by_severity = fields.Dict(keys=fields.String(), values=fields.Nested(LagSchema))


class SlaSchema(Output):
    within = fields.Integer(metadata={"description": "Exposures that ended in this time and within their deadline."})
    breached = fields.Integer(metadata={"description": "Those that ended in this time, after it."})
    open_overdue = fields.Integer(metadata={"description": "Open findings that are late now, accepted ones not among them."})
    percentage = fields.Float(allow_none=True, metadata={"description": "Within, in per cent of all judged; null where none was."})


class NumbersSchema(Output):
    runs = fields.Integer()
    updates = fields.Integer()
    security_updates = fields.Integer()
    success_rate = fields.Float(allow_none=True, metadata=RATE)


class TotalsSchema(NumbersSchema):
    sites = fields.Integer()


class PeriodSchema(NumbersSchema):
    period = fields.String(metadata={"format": "date", "description": "The period's first day."})
    median_lag_hours = fields.Float(allow_none=True, metadata=HOURS)


class NamedSiteSchema(Output):
    id = fields.UUID()
    name = fields.String()


class RunsOfSiteSchema(NumbersSchema):
    site = fields.Nested(NamedSiteSchema)
    last_run_at = Time()


class RunsOfModuleSchema(Output):
    module = fields.String()
    runs = fields.Integer()
    updates = fields.Integer()
    security_updates = fields.Integer()
    sites = fields.Integer()


class RunsOfTeamSchema(TotalsSchema):
    team_id = fields.UUID(allow_none=True, metadata={"description": "Null for the runs of sites without a team."})
    name = fields.String(allow_none=True)


class PatchRunReportSchema(Output):
    """Patch runs in numbers (contract §6)."""

    totals = fields.Nested(TotalsSchema)
    update_lag = fields.Nested(UpdateLagSchema)
    sla = fields.Nested(SlaSchema)
    trend = fields.List(fields.Nested(PeriodSchema))
    by_site = fields.List(fields.Nested(RunsOfSiteSchema))
    by_module = fields.List(fields.Nested(RunsOfModuleSchema))
    by_team = fields.List(fields.Nested(RunsOfTeamSchema))


class PatchRunQuery(RunFilters, Query):  # type: ignore[misc]  # both refuse what they do not know
    pass


class ComplianceQuery(ComplianceFilters, Query):  # type: ignore[misc]  # both refuse what they do not know
    pass
