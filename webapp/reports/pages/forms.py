"""The form for a new report, read to the same values as its JSON; and the address that fills it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from webapp.kit.permissions import Actor
from webapp.kit.web.fields import OTHER_NAMES, Choice, Input, Text
from webapp.kit.web.forms import Form
from webapp.reports.queries.names import find_site
from webapp.reports.schemas import FormatChoice, ReportInput, ReportQuery
from webapp.reports.shelf import KINDS

BELOW = "parameters."
PAGES = {"patch_run": "/reports/patch-run", "module_updates": "/reports/module-updates", "compliance": "/reports/compliance"}
"""Where the figures of a kind are shown live; of the others, the list that their rows are those of."""
LISTS = {"sites": "/sites", "modules": "/modules", "exposures": "/exposures", "patch_runs": "/patch-runs"}
ORDER = ("patch_run", "module_updates", "exposure", "compliance", "custom")
KINDS_TO_CHOOSE = [{"value": kind.name, "label": kind.title, "hint": kind.says}
                   for kind in sorted(KINDS.values(), key=lambda kind: (*ORDER, kind.name).index(kind.name))]
ROWS_SHOWN = 10


def parameters_of(kind: str) -> set[str]:
    """The names of the filters that reports of this kind take; none for a kind that does not exist."""
    known = KINDS[kind].parameters._declared_fields.items() if kind in KINDS else ()
    return {field.data_key or name for name, field in known} - set(OTHER_NAMES)


CUSTOM = ("columns", "filters")
"""Filters of a custom report that stand in the form by their own names."""
EVERY = {name for kind in KINDS for name in parameters_of(kind)}


class ReportForm(ReportInput):
    """What to build, as a form gives it: filters as `parameters.…`, the site by name or address.

    The filters of all kinds stand in one form, so that it works without script: those of another kind are left out.
    """

    formats = fields.List(FormatChoice(), validate=validate.Length(min=1, max=8, error="Choose one file at least."))
    site = Text(most=500)
    columns = fields.List(fields.String())
    filters = Text(most=2000)
    look = fields.Boolean()

    @pre_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        given = {name.removeprefix(BELOW): value.strip() for name, value in data.items() if name.startswith(BELOW)}
        other = EVERY - parameters_of(data.get("kind", ""))
        rest = {name: value for name, value in data.items() if not name.startswith(BELOW) and name not in CUSTOM}
        parameters: dict[str, Any] = {name: value for name, value in given.items() if value and name not in other}
        if data.get("kind") == "custom":
            parameters |= custom_of(parameters.get("dataset", ""), data.get("columns", []), data.get("filters", ""))
        return {**rest, "parameters": parameters}

    @validates_schema(skip_on_field_errors=False)
    def check_parameters(self, data: dict[str, Any], **_: Any) -> None:
        """Says what is wrong with the filters together with what is wrong beside them: a form is corrected once."""
        if data.get("kind") in KINDS:
            found = refusals(data["kind"], data.get("parameters", {}))
            own = {name: _flat(found.pop(name)) for name in CUSTOM if name in found}
            if found or own:
                raise ValidationError({**own, **({"parameters": found} if found else {})})

    @post_load
    def with_known_parameters(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**super().with_known_parameters(data), "site": data.get("site", ""), "look": data.get("look", False)}


def refusals(kind: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with the filters of a kind, by field; nothing where they are right."""
    try:
        KINDS[kind].parameters().load(parameters)
    except ValidationError as problem:
        return dict(problem.normalized_messages())
    return {}


def custom_of(dataset: str, columns: list[str], filters: str) -> dict[str, Any]:
    """The columns and filters of a custom report as a form has them: `sites:name` of every list, and filters as in an address."""
    chosen = [name.partition(":")[2] for name in columns if name.partition(":")[0] == dataset]
    given = dict(parse_qsl(filters.strip().lstrip("?"), keep_blank_values=True))
    return {"columns": chosen, **({"filters": given} if given else {})}


def _flat(messages: Any) -> list[str]:
    """The sentences of an error, wherever they lie inside of the field."""
    if isinstance(messages, dict):
        return [f"{name}: {each}" if isinstance(name, str) else each for name, inner in messages.items() for each in _flat(inner)]
    return [str(each) for each in messages]


class ShortList(ReportQuery):
    """The list of built reports beside the form: fewer a page, and `new` is the kind that the form begins with."""

    new = Choice(sorted(KINDS))

    @pre_load
    def fewer(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data if {"skip", "limit"} & set(data) else {"per_page": ROWS_SHOWN, **data}


ReportsQuery: type[Schema] = ShortList.from_dict({f"{BELOW}{name}": fields.String() for name in sorted(EVERY)}, name="ReportsQuery")
"""The query of the page: the list's filters, and what the form begins with; loaded, the latter is one dict, `parameters`."""


class Nothing(Input):
    """A verb that takes no values."""


def address_of(path: str, parameters: Mapping[str, Any], prefix: str = "", **more: str) -> str:
    """A path with filters, those without a value left out."""
    given = {**more, **{f"{prefix}{name}": str(value) for name, value in parameters.items() if value not in (None, "")}}
    return f"{path}?{urlencode(given)}" if given else path


def live_address(kind: str, parameters: Mapping[str, Any]) -> str:
    """Where the same figures are shown as they are now; of exposures and reports of one's own, the list of their rows."""
    if kind == "custom":
        filters = {**parameters.get("filters", {}), "sort": parameters.get("sort", "")}
        own = {name: parameters[name] for name in ("organization_id", "team_id") if name in parameters}
        return address_of(LISTS[parameters["dataset"]], {**filters, **own})
    if kind == "exposure":
        return address_of("/exposures", parameters, sort="state")
    return address_of(PAGES[kind], parameters)


def build_address(kind: str, parameters: Mapping[str, Any]) -> str:
    """The form for a new report of this kind, filled in with those of the filters that it takes."""
    known = parameters_of(kind)
    return address_of("/reports", {name: _written(value) for name, value in parameters.items() if name in known}, BELOW, new=kind)


def written_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they stand in an address."""
    return {name: _written(value) for name, value in parameters.items()}


def _written(value: Any) -> Any:
    if isinstance(value, dict):
        return urlencode(value)
    return ",".join(map(str, value)) if isinstance(value, list) else value


def with_site(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """The body as the action takes it: with the id of the site that was typed; Invalid at `site` where there is none."""
    words, parameters = body.pop("site"), body["parameters"]
    if words and "site_id" in parameters_of(body["kind"]):
        organization_id = parameters.get("organization_id")
        site = find_site(actor, words, UUID(organization_id) if organization_id else None)
        return {**body, "parameters": {**parameters, "site_id": str(site.id)}}
    return body


def filled_form(query: Mapping[str, Any], start: Mapping[str, str], site: str | None) -> Form:
    """The form before anybody has typed: as the address asks, or with the usual beginning."""
    asked = dict(query.get("parameters", {}))
    given: dict[str, Any] = {f"{BELOW}{name}": value for name, value in asked.items()}
    if "columns" in asked:
        columns = [f"{asked.get('dataset')}:{name}" for name in asked["columns"].split(",")]
        given |= {"columns": columns, "filters": asked.get("filters", "")}
    if "new" not in query:
        return Form({**start, **given})
    return Form({"kind": query["new"], **given, **({"site": site} if site else {})})
