"""Marshmallow schemas as JSON Schema (2020-12), under names of their own and with the types of our fields."""

from __future__ import annotations

from typing import Any, ClassVar

from apispec.ext.marshmallow import MarshmallowPlugin, OpenAPIConverter
from apispec.ext.marshmallow.common import make_schema_key, resolve_schema_instance
from apispec.ext.marshmallow.field_converter import DEFAULT_FIELD_MAPPING
from marshmallow import Schema, fields

from webapp.kit.web.fields import Choices, ListQuery, Moment, Output, Time


class Names:
    """Component names: the class without `Schema`, and what an instance changes of it; two schemas never share one.

    What a door itself answers keeps its name (`keep`); what is only nested in another answer then gets its room's before it.
    """

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}

    def keep(self, schema: Schema) -> None:
        if name_of(schema) not in self.names.values():
            self.names.setdefault(make_schema_key(schema), name_of(schema))

    def __call__(self, schema: Any) -> str:
        instance = resolve_schema_instance(schema)
        key = make_schema_key(instance)
        if key not in self.names:
            self.names[key] = self._free(name_of(instance), type(instance).__module__.split(".")[1:2])
        return self.names[key]

    def _free(self, wanted: str, room: list[str]) -> str:
        name, number = wanted, 2
        if name in self.names.values():
            name = wanted = "".join(room).capitalize() + wanted
        while name in self.names.values():
            name, number = f"{wanted}{number}", number + 1
        return name


def name_of(schema: Schema) -> str:
    """`OrganizationInput` with every field optional is `OrganizationPatch`; parts say what they lack or keep."""
    name = type(schema).__name__.removesuffix("Schema")
    if schema.partial:
        name = name.removesuffix("Input").removesuffix("Patch") + "Patch"
    if schema.exclude:
        name += "Without" + _camel(schema.exclude)
    if schema.only is not None:
        name += "With" + _camel(schema.only)
    return name


def _camel(words: Any) -> str:
    return "And".join(word.replace(".", "_").title().replace("_", "") for word in sorted(words))


class Converter(OpenAPIConverter):
    """Knows our fields, and that an answer has all of its fields (but those with `metadata={"optional": True}`)."""

    field_mapping: ClassVar[dict[type, tuple[str | None, str | None]]] = {  # type: ignore[misc]
        **DEFAULT_FIELD_MAPPING,
        Time: ("string", "date-time"),
        Moment: ("string", None),
        Choices: ("array", None),
        fields.URL: ("string", "uri"),
    }

    def schema2jsonschema(self, schema: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().schema2jsonschema(schema)
        instance = resolve_schema_instance(schema)
        words = type(instance).__dict__.get("__doc__")
        if words:
            found.setdefault("description", words.strip().splitlines()[0])
        if isinstance(instance, Output):
            found["required"] = sorted(
                field.data_key or name
                for name, field in instance.dump_fields.items()
                if not field.metadata.get("optional")
            )
        return found


def told_by_field(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """What a field class of ours says of itself in `openapi`, a JSON Schema; null is added where the field takes it."""
    told = dict(getattr(field, "openapi", {}))
    if field.allow_none and isinstance(told.get("type"), str):
        told["type"] = [told["type"], "null"]
    return told


def several_words(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """As a parameter, several words are one value with commas."""
    return {"style": "form", "explode": False} if isinstance(field, Choices) else {}


class SchemaPlugin(MarshmallowPlugin):
    Converter = Converter

    def __init__(self) -> None:
        self.names = Names()
        super().__init__(schema_name_resolver=self.names)

    def init_spec(self, spec: Any) -> None:
        super().init_spec(spec)
        assert self.converter is not None
        self.converter.add_attribute_function(told_by_field)
        self.converter.add_parameter_attribute_function(several_words)

    def reference(self, schema: Any) -> dict[str, Any]:
        """A `$ref` to the schema's component; a JSON Schema is returned as it is, a list of either as a choice."""
        if isinstance(schema, dict):
            return schema
        if isinstance(schema, (list, tuple)):
            return {"anyOf": [self.reference(each) for each in schema]}
        assert self.converter is not None
        found: dict[str, Any] = self.converter.resolve_nested_schema(schema)
        return found

    def parameters(self, query: type[Schema]) -> list[dict[str, Any]]:
        """The query string's parameters, by the names that a caller uses."""
        assert self.converter is not None
        found: list[dict[str, Any]] = self.converter.schema2parameters(query(), location="query")
        for parameter in found:
            if parameter["name"] == "sort" and issubclass(query, ListQuery):
                parameter.update(sort_words(query.sortable))
            if not parameter.get("required"):
                parameter.pop("required", None)
        return found


def sort_words(keys: tuple[str, ...]) -> dict[str, Any]:
    """`sort`, with the keys that this list takes."""
    one = f"-?({'|'.join(keys)})"
    return {
        "description": f"Sort keys by comma, `-` for falling: {', '.join(keys)}.",
        "schema": {"type": "string", "pattern": f"^{one}(,{one})*$"},
    }
