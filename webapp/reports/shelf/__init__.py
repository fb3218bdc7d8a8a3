"""The kinds of report that can be built. A kind is one file of this folder that registers itself."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import fields

from webapp.kit.permissions import Actor
from webapp.kit.web.fields import Input, Narrowed

Parameters = Mapping[str, Any]


class Filters(Narrowed, Input):
    """What every report can be narrowed by. Loaded, each filter has its `_id` name."""

    organization_id = fields.UUID()
    organization = fields.UUID()
    team_id = fields.UUID()
    team = fields.UUID()


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
