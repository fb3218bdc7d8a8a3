"""Facts that are told, one at a time or many at once (contract §7): `{…}`, or `{"items": [{…}, …]}`."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from webapp.kit.web.fields import Input, Output, Text, said

MOST = 1000
SOURCE = said("Who tells: `api` unless said.")
EXTERNAL = said("What the source calls it. The same again changes nothing.")


class Fact(Input):
    """What is told of something that happened elsewhere."""

    source = Text(most=60, least=1, metadata=SOURCE)
    external_id = Text(most=200, least=1, metadata=EXTERNAL)


class FactsSchema(Output):
    """What became of many facts that were told at once."""

    received = fields.Integer(metadata=said("How many came."))
    added = fields.Integer(metadata=said("How many of them were new."))
    changed = fields.Integer(metadata=said("How many were known, and know more now."))
    unchanged = fields.Integer(metadata=said("How many were known."))


def several(kind: type[Input], name: str) -> type[Input]:
    """The schema of many facts of a kind at once; all of them are taken, or none. `name` is what the document calls it."""
    items = fields.List(fields.Nested(kind), required=True, validate=validate.Length(1, MOST, error=f"From 1 to {MOST} at once."))
    says = "Several at once: all of them are taken, or none."
    return type(name, (Input,), {"items": items, "__doc__": says, "__module__": kind.__module__})


def read_facts(one: type[Input], many: type[Input], body: Any, key: str) -> tuple[list[dict[str, Any]], bool]:
    """The facts of a body, and whether it is the form for many; ValidationError, also where `key` names one of them twice."""
    if not (isinstance(body, dict) and "items" in body):
        return [one().load(body)], False
    items: list[dict[str, Any]] = many().load(body)["items"]
    seen: set[Any] = set()
    for place, item in enumerate(items):
        if key in item and item[key] in seen:
            raise ValidationError({"items": {place: {key: ["This is there twice."]}}})
        seen.add(item.get(key))
    return items, True
