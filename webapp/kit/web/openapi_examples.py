"""Examples in the OpenAPI document: of every body that is taken and every answer, made from their schemas.

A value comes from the schema's own example, from the words that the application registers (`register_words`), or from the
schema's type. Words are found by `Component.field`, `field`, or the name of a whole component.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask

WORDS, TAGS = "patchboard_example_words", "patchboard_tags"
JSON, PROBLEM = "application/json", "application/problem+json"
MOMENT, DAY = "2026-11-18T16:05:00Z", "2026-11-18"
SCALARS: Mapping[str, Any] = {"string": "text", "integer": 3, "number": 1.5, "boolean": True, "null": None}
FORMATS: Mapping[str, Any] = {"date-time": MOMENT, "date": DAY, "email": "ada@meridian.example", "uri": "https://www.meridian.example",
                              "uri-reference": "/api/v1", "ipv4": "192.0.2.10", "time": "16:05:00Z"}
FIELDS_OF_A_CHANGE = 3


def register_words(app: Flask, words: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    """What the examples of this application's document say, by `Component.field`, `field` or `Component`; and what its tags hold."""
    app.extensions[WORDS], app.extensions[TAGS] = words, tags


def illustrate(document: dict[str, Any], words: Mapping[str, Any]) -> None:
    """Puts an example into every JSON body and answer of the document that has none."""
    maker = Examples(document, words)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _illustrate_body(maker, operation.get("requestBody", {}))
            for status, response in operation["responses"].items():
                if "$ref" not in response and status != "default":
                    _illustrate_answer(maker, path, response)
    for name, response in document["components"].get("responses", {}).items():
        for kind in (JSON, PROBLEM):
            if "example" not in response["content"][kind]:
                response["content"][kind]["example"] = maker.error(name, kind)


def _illustrate_body(maker: Examples, body: dict[str, Any]) -> None:
    for kind, media in body.get("content", {}).items():
        if "examples" not in media and "example" not in media and "schema" in media and kind != "multipart/form-data":
            media["example"] = maker.of(media["schema"])


def _illustrate_answer(maker: Examples, path: str, response: dict[str, Any]) -> None:
    media = response.get("content", {}).get(JSON, {})
    if "schema" not in media or "example" in media or "examples" in media:
        return
    example = maker.of(media["schema"])
    if isinstance(example, dict) and isinstance(example.get("links"), dict):
        here = re.sub(r"{(\w+)}", lambda found: identity(found[1].removesuffix("_id")), path)
        if isinstance(example.get("data"), list):
            example["meta"] = {"total": len(example["data"]), "page": 1, "per_page": 50, "pages": 1}
            example["links"] = {"self": here, "first": f"{here}?page=1", "last": f"{here}?page=1", "prev": None, "next": None}
        else:
            example["meta"], example["links"] = {}, {"self": here}
    media["example"] = example


def identity(kind: str) -> str:
    """A UUIDv7 that is always the same for the same kind of thing."""
    digits = hashlib.sha256(kind.encode()).hexdigest()
    return f"0193b2a0-{digits[:4]}-7{digits[4:7]}-8{digits[7:10]}-{digits[10:22]}"


class Examples:
    """Examples of the schemas of one document."""

    def __init__(self, document: dict[str, Any], words: Mapping[str, Any]) -> None:
        self.document, self.words = document, words

    def of(self, schema: dict[str, Any], name: str = "", within: str = "", depth: int = 0) -> Any:
        """A value that the schema takes; `name` is the field's and `within` the component's that it stands in."""
        if "$ref" in schema:
            _, _, kind, component = schema["$ref"].split("/")
            if component in self.words:
                return self.words[component]
            return self.of(self.document["components"][kind][component], name, component, depth + 1)
        for key in (f"{within}.{name}", name):
            if key in self.words and fits(self.words[key], schema):
                return self.words[key]
        for key in ("example", "const", "default"):
            if schema.get(key) is not None:
                return schema[key]
        for key in ("examples", "enum"):
            if schema.get(key):
                return schema[key][0]
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self.of(schema[key][0], name, within, depth)
        if "allOf" in schema:
            return self.of(schema["allOf"][0], name, within, depth)
        return self.by_type(schema, name, within, depth)

    def by_type(self, schema: dict[str, Any], name: str, within: str, depth: int) -> Any:
        kind = kind_of(schema)
        if kind == "object":
            return self.thing(schema, within, depth)
        if kind == "array":
            one = re.sub(r"ies$", "y", name) if name.endswith("ies") else name.removesuffix("s")
            return [self.of(schema.get("items", {}), one, within, depth)] if depth < 6 else []
        if schema.get("format") == "uuid":
            return identity(_root(within) if name == "id" else name.removesuffix("_id"))
        if "format" in schema:
            return FORMATS.get(schema["format"], SCALARS["string"])
        if kind == "string":
            return SCALARS["string"].ljust(schema.get("minLength", 0), "t")[: schema.get("maxLength", 99)]
        if kind in ("integer", "number"):
            return min(max(SCALARS[kind], schema.get("minimum", 0)), schema.get("maximum", 10**9))
        return SCALARS[kind]

    def thing(self, schema: dict[str, Any], within: str, depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        if within.endswith("Patch"):
            told = [each for each in properties if not each.endswith("_id")]
            properties = {each: properties[each] for each in (told or list(properties))[:FIELDS_OF_A_CHANGE]}
        return {each: self.of(below, each, within, depth + 1) for each, below in properties.items()}

    def error(self, name: str, kind: str) -> dict[str, Any]:
        """An error of this name (`NotFound`) in one of its two forms."""
        told = self.document["components"]["responses"][name]
        status, code = told.get("x-status", 500), told.get("x-error", "internal_error")
        details = [{"field": "name", "message": "Missing data for required field."}] if status == 422 else []
        request_id = "b3c1f5f0a1d24f6f9c60c1d8a7f5e2b4"
        if kind == JSON:
            return {"status_code": status, "error": code, "message": told["description"], "details": details, "timestamp": MOMENT,
                    "request_id": request_id}
        return {"type": "about:blank", "title": code.replace("_", " ").capitalize(), "status": status, "detail": told["description"],
                "instance": "/api/v1/sites", "error": code, "errors": details, "timestamp": MOMENT, "request_id": request_id}


def kind_of(schema: dict[str, Any]) -> str:
    """The first type of a schema; `object` where it has properties, and `string` where it says nothing."""
    told = schema.get("type")
    if isinstance(told, list):
        told = next((each for each in told if each != "null"), "null")
    return str(told or ("object" if "properties" in schema else "string"))


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a word is of the schema's type, and one of its choices where it has some."""
    if schema.get("enum") and value not in schema["enum"]:
        return False
    told = schema.get("type")
    kinds = told if isinstance(told, list) else [told]
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object", type(None): "null"}
    mine = names[type(value)]
    return told is None or mine in kinds or (mine == "integer" and "number" in kinds)


def _root(component: str) -> str:
    """`NewSite` and `SiteAnswer` are sites."""
    return re.sub(r"^(New|Own|Named)|(Answer|List|Input|Patch|Row)$", "", component).lower()
