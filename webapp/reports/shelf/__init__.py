"""The kinds of report that can be built. A kind is one file of this folder that registers itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from webapp.kit.permissions import Actor
from webapp.kit.web.fields import Input

Parameters = Mapping[str, Any]
OTHER_NAMES = {"organization": "organization_id", "site": "site_id", "team": "team_id"}
"""Filters that may also be written as the contract's tables name them."""


class Filters(Input):
    """What every report can be narrowed by. Loaded, each filter has its `_id` name."""

    organization_id = fields.UUID()
    organization = fields.UUID()
    team_id = fields.UUID()
    team = fields.UUID()

    @validates_schema
    def one_of_two_names(self, data: dict[str, Any], **_: Any) -> None:
        for other, name in OTHER_NAMES.items():
            if other in data and name in data and data[other] != data[name]:
                raise ValidationError(f"This is {name} by another name; say it once.", other)

    @post_load
    def by_one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {OTHER_NAMES.get(name, name): value for name, value in data.items()}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of report. Its three functions read in the running transaction, as the actor that they are given.

    `summary` answers with `totals` and whatever else the JSON file has before its rows; `rows` yields dicts with `columns`,
    in portions, so that memory stays the same however many there are; `count` says how many.
    """

    name: str
    title: str
    parameters: type[Filters]
    columns: tuple[str, ...]
    summary: Callable[[Actor, Parameters, datetime], dict[str, Any]]
    count: Callable[[Actor, Parameters], int]
    rows: Callable[[Actor, Parameters, datetime], Iterator[dict[str, Any]]]


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Puts a kind on the shelf; its name is what callers ask for."""
    if kind.name in KINDS:
        raise ValueError(f"Two kinds of report are named {kind.name}.")
    KINDS[kind.name] = kind
    return kind


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
