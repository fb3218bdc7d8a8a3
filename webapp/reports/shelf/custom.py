"""A report of one's own: columns and filters over sites, modules, exposures or patch runs.

Its rows are those of the list with the same filters, and its columns are fields of that list; what the list does not know is
refused at its field, as the list itself refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from webapp.exposure.queries import find_exposures
from webapp.exposure.schemas import ExposureQuery, ExposureSchema
from webapp.fleet.queries import find_modules, find_sites
from webapp.fleet.schemas import ModuleQuery, ModuleSchema, SiteQuery, SiteSchema
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.fields import Choice, Text, said
from webapp.patching.queries import find_runs
from webapp.patching.schemas import RunQuery, RunSchema
from webapp.reports.shelf import Filters, Kind, Parameters, register

MOST_COLUMNS = 40
NO_FILTERS = ("page", "per_page", "skip", "limit", "cursor", "format", "include_deleted", "sort")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A list that a report can be made of: how it is found, what its filters are, and what its rows have."""

    words: str
    find: Callable[[Actor, Mapping[str, Any], datetime], Listing]
    query: type[Schema]
    gives: type[Schema]

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that can be columns; those of a thing inside by a dot (`site.name`). Lists of things cannot."""
        found: list[str] = []
        for name, field in self.gives().dump_fields.items():
            if isinstance(field, fields.Nested) and not field.many:
                found += [f"{name}.{inner}" for inner in field.schema.dump_fields]
            elif not (isinstance(field, fields.List) and isinstance(field.inner, fields.Nested)):
                found.append(name)
        return tuple(found)

    @property
    def filters(self) -> tuple[str, ...]:
        known = self.query.filters()  # type: ignore[attr-defined]
        return tuple(name for name in known if name not in NO_FILTERS)


DATASETS: Final[Mapping[str, Dataset]] = {
    "sites": Dataset("Sites", find_sites, SiteQuery, SiteSchema),
    "modules": Dataset("Modules", lambda actor, asked, at: find_modules(actor, asked), ModuleQuery, ModuleSchema),
    "exposures": Dataset("Exposures", find_exposures, ExposureQuery, ExposureSchema),
    "patch_runs": Dataset("Patch runs", lambda actor, asked, at: find_runs(actor, asked), RunQuery, RunSchema),
}


class CustomFilters(Filters):
    dataset = Choice(DATASETS, required=True)
    columns = fields.List(
        fields.String(), required=True, validate=validate.Length(min=1, max=MOST_COLUMNS, error=f"Choose 1 to {MOST_COLUMNS} columns."),
        metadata=said("Fields of the list, in the order of the file; `site.name` for one of a thing inside."))
    filters = fields.Dict(keys=fields.String(), metadata=said("Those of the list: `/sites`, `/modules`, `/exposures`, `/patch-runs`."))
    sort = Text(most=200, metadata=said("As the list takes it: `-severity,name`."))

    @validates_schema
    def known_columns(self, data: dict[str, Any], **_: Any) -> None:
        if not {"dataset", "columns"} <= set(data):
            return
        known, seen = DATASETS[data["dataset"]].columns, set[str]()
        wrong: dict[Any, list[str]] = {}
        for place, name in enumerate(data["columns"]):
            if name not in known:
                wrong[place] = [f"Not a column. Allowed: {', '.join(known)}."]
            elif name in seen:
                wrong[place] = ["This is there twice."]
            seen.add(name)
        if wrong:
            raise ValidationError({"columns": wrong})

    @post_load
    def as_the_list_reads_them(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The filters as the list's own schema loads them, with the organization and the team among them."""
        chosen, given = DATASETS[data["dataset"]], dict(data.get("filters", {}))
        unknown = {name: [f"Not a filter. Allowed: {', '.join(chosen.filters)}."] for name in given if name not in chosen.filters}
        if unknown:
            raise ValidationError({"filters": unknown})
        asked = _loaded(chosen, given, data.get("sort"))
        for name in ("organization_id", "team_id", "organization", "team"):
            if name in data:
                inner = name if name.endswith("_id") else f"{name}_id"
                if inner not in chosen.filters:
                    raise ValidationError(f"{chosen.words} cannot be narrowed by this.", name)
                asked[inner] = data[name]
        return {"dataset": data["dataset"], "columns": tuple(data["columns"]), "asked": asked}


def _loaded(chosen: Dataset, given: Mapping[str, Any], sort: str | None) -> dict[str, Any]:
    try:
        text = {name: value if isinstance(value, (bool, list)) else str(value) for name, value in given.items()}
        loaded: dict[str, Any] = chosen.query().load({**text, **({"sort": sort} if sort else {})})
    except ValidationError as problem:
        messages = dict(problem.normalized_messages())
        at_sort = {"sort": messages.pop("sort")} if "sort" in messages else {}
        raise ValidationError({**at_sort, **({"filters": messages} if messages else {})}) from None
    return loaded


def _listing(actor: Actor, asked: Parameters, at: datetime) -> Listing:
    return DATASETS[asked["dataset"]].find(actor, asked["asked"], at)


def summary(actor: Actor, asked: Parameters, at: datetime) -> dict[str, Any]:
    return {"totals": {"rows": count(actor, asked, at)}}


def count(actor: Actor, asked: Parameters, at: datetime) -> int:
    return _listing(actor, asked, at).count()


def rows(actor: Actor, asked: Parameters, at: datetime) -> Iterator[dict[str, Any]]:
    """The rows of the list, each with the chosen fields as the list says them."""
    columns: tuple[str, ...] = asked["columns"]
    schema = DATASETS[asked["dataset"]].gives(only=columns)
    for row in _listing(actor, asked, at).stream(asked["asked"]["sort"]):
        said_of = schema.dump(row)
        yield {column: _inside(said_of, column) for column in columns}


def _inside(said_of: Mapping[str, Any], column: str) -> Any:
    outer, _, inner = column.partition(".")
    value = said_of.get(outer)
    return value.get(inner) if inner and value is not None else value


register(Kind("custom", "Custom report", "Columns and filters of your choice", CustomFilters, (), summary, count, rows,
              chosen=lambda asked: tuple(asked["columns"])))
