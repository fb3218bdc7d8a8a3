"""Forms: what was typed, kept with its errors, and read by the same schema that reads JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict

from webapp.kit.errors import PatchboardError
from webapp.kit.web.fields import WHOLE, Text

DECIMAL = re.compile(r"^-?[0-9]{1,15}(\.[0-9]{1,15})?\Z")
NOT_KEPT = ("password", "csrf_token")
NO_FIELDS = ("csrf_token", "next")


@dataclass(slots=True)
class Form:
    """Values by field name as a person typed them, and the error at each field. `summary` is what belongs to no field."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    summary: str | None = None

    @classmethod
    def refused(cls, typed: MultiDict[str, str], problem: PatchboardError) -> Form:
        """The form again: all that was typed (but secrets), and each error at its field."""
        values = {name: each if len(each) > 1 else each[0] for name, each in typed.lists()
                  if not any(secret in name for secret in NOT_KEPT)}
        errors: dict[str, str] = {}
        for detail in problem.details:
            errors.setdefault(_nearest(detail["field"], typed), detail["message"])
        return cls(values, errors, None if errors else problem.message)


def _nearest(path: str, typed: MultiDict[str, str]) -> str:
    """The name in the form that a path of the schema belongs to: `scopes.0` is at `scopes`, `settings.timezone` itself."""
    name = path
    while "." in name and name not in typed:
        name = name.rpartition(".")[0]
    return name


def _of_its_type(kind: fields.Field[Any], text: str) -> Any:
    """The number that was typed, where the field is one; text that is none stays, for the field to say so."""
    if isinstance(kind, fields.Integer) and WHOLE.match(text):
        return int(text)
    if isinstance(kind, fields.Float) and DECIMAL.match(text):
        return float(text)
    return text


def form_values(schema: Schema, typed: MultiDict[str, str]) -> dict[str, Any]:
    """A form as the schema expects it: several values and words by comma as a list.

    What was left empty is null where the schema takes that, else empty text where it takes that, else absent.
    """
    values: dict[str, Any] = {}
    for name, kind in schema.load_fields.items():
        key = kind.data_key or name
        if isinstance(kind, fields.List):
            given = [part.strip() for text in typed.getlist(key) for part in text.split(",")]
            values[key] = [part for part in given if part]
        elif isinstance(kind, fields.Boolean):
            values[key] = typed.get(key, "") in ("1", "true", "on", "yes")
        elif isinstance(kind, fields.Nested):
            below = MultiDict([(name.removeprefix(f"{key}."), text) for name, text in typed.items(multi=True)
                               if name.startswith(f"{key}.")])
            values[key] = form_values(kind.schema, below)
        elif key in typed:
            text = typed[key].strip() if "password" not in key else typed[key]
            if text or (kind.required and isinstance(kind, fields.String)):
                values[key] = _of_its_type(kind, text)
            elif kind.allow_none:
                values[key] = None
            elif isinstance(kind, Text) and kind.least == 0:
                values[key] = ""
    unknown = {name: each for name, each in typed.items() if name.split(".")[0] not in values and name not in NO_FIELDS}
    return values | {name: each for name, each in unknown.items() if each}
