"""The kinds of report that can be built. A kind is one file of this folder that registers itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields

from webapp.kit.permissions import Actor
from webapp.kit.web.fields import Input, Moment, Narrowed, said
from webapp.reports.values import Printed, Section

Parameters = Mapping[str, Any]


class Filters(Narrowed, Input):
    """What every report can be narrowed by. Loaded, each filter has its `_id` name."""

    organization_id = fields.UUID()
    organization = fields.UUID()
    team_id = fields.UUID()
    team = fields.UUID()


class Timed(Filters):
    """What a report about a time can be narrowed by."""

    since = Moment(data_key="from", metadata=said("From this moment or day on."))
    until = Moment(until=True, data_key="to", metadata=said("Before this moment, or up to this day's end (UTC)."))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of report. Its three functions read in the running transaction, as the actor that they are given.

    `summary` answers with `totals` and whatever else the JSON file has before its rows; `rows` yields dicts with `columns`,
    in portions, so that memory stays the same however many there are; `count` says how many. `says` is the kind in a sentence.
    `chosen` names the columns of a kind that lets its caller choose. On paper there are `sections` of the summary, and of the rows
    the columns `printed` (all of them, where a kind does not say).
    """

    name: str
    title: str
    says: str
    parameters: type[Filters]
    columns: tuple[str, ...]
    summary: Callable[[Actor, Parameters, datetime], dict[str, Any]]
    count: Callable[[Actor, Parameters, datetime], int]
    rows: Callable[[Actor, Parameters, datetime], Iterator[dict[str, Any]]]
    sections: Callable[[Mapping[str, Any]], list[Section]] = lambda summary: []
    printed: tuple[Printed, ...] = ()
    chosen: Callable[[Parameters], tuple[str, ...]] | None = None

    @property
    def is_timed(self) -> bool:
        """Whether its reports can be about a time, `from` and `to`."""
        return issubclass(self.parameters, Timed)

    def columns_of(self, asked: Parameters) -> tuple[str, ...]:
        """The columns of a report that was asked for with these parameters."""
        return self.chosen(asked) if self.chosen else self.columns

    def printed_of(self, asked: Parameters) -> tuple[Printed, ...]:
        """The columns that are printed."""
        return self.printed or tuple(Printed(name, name.replace("_", " ").capitalize()) for name in self.columns_of(asked))


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Puts a kind on the shelf; its name is what callers ask for."""
    if kind.name in KINDS:
        raise ValueError(f"Two kinds of report are named {kind.name}.")
    KINDS[kind.name] = kind
    return kind


def check_parameters(name: str, parameters: Parameters) -> None:
    """Refuses what the kind does not know or take: Invalid at `parameters.…`."""
    from webapp.kit.web.errors import invalid  # errors draws pages

    try:
        KINDS[name].parameters().load(parameters)
    except ValidationError as problem:
        raise invalid(ValidationError({"parameters": problem.normalized_messages()})) from None


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
