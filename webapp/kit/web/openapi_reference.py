"""The OpenAPI document as Markdown for people: by subject, each operation with who may, what it takes, what it answers, and a try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson
from flask import current_app
from flask.cli import with_appcontext

from webapp.kit.web.openapi import build
from webapp.kit.web.openapi_examples import identity

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
PLACE = Path("docs/api-reference.md")
PAGED = {"page", "per_page", "skip", "limit", "format", "include_deleted", "cursor"}
HEAD = """# API reference

Every route of the API: what it does, who may, what it takes and what it answers. Made from the OpenAPI document (`/openapi.json`) by
`flask --app wsgi api-reference`; change the code, not this file. What holds for all routes (identity, paging, errors, retries,
`ETag`) stands in [api.md](api.md).

In the examples `$PATCHBOARD` is the server's address and `$TOKEN` an access token or an API key. **Permission** is what the
caller's role or the key's scopes must grant in the organization that the thing lies in; what lies elsewhere is 404.
"""
IDENTITY = {"bearerAuth": "token", "apiKey": "API key", "cookie": "browser session"}


@click.command("api-reference")
@click.option("--to", "place", type=click.Path(path_type=Path), default=PLACE, help="Where it is written.")
@with_appcontext
def api_reference(place: Path) -> None:
    """Writes docs/api-reference.md from the OpenAPI document."""
    place.write_text(reference(build(current_app._get_current_object())), "utf-8")  # type: ignore[attr-defined]
    click.echo(f"{place} is written.")


def reference(document: dict[str, Any]) -> str:
    """The whole text; the same for the same document."""
    found: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations and not (method == "patch" and "put" in operations):  # the same, said once
                text = "\n".join(Operation(document, path, method, operations[method]).lines())
                found.setdefault(operations[method]["tags"][0], []).append(text)
    words = {each["name"]: each.get("description", "") for each in document.get("tags", [])}
    contents = "\n".join(f"- [{tag}](#{anchor(tag)})" for tag in sorted(found)) + "\n- [Objects](#objects)\n"
    parts = [HEAD, contents]
    for tag in sorted(found):
        parts += [f"## {tag}\n", *([f"{words[tag]}\n"] if words.get(tag) else []), *found[tag]]
    return "\n".join([*parts, *objects(document)]).rstrip() + "\n"


def anchor(heading: str) -> str:
    """What a heading is called in links."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def objects(document: dict[str, Any]) -> Iterator[str]:
    """Every object that goes in or out, with its fields; envelopes, which api.md explains, are left out."""
    yield "## Objects\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        if name.endswith(("Answer", "List")) or "properties" not in schema:
            continue
        yield f"### {name}\n"
        if schema.get("description"):
            yield f"{schema['description']}\n"
        yield from fields_table(document, schema)


def fields_table(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """A row for each field of an object."""
    yield "| field | type | |\n|---|---|---|"
    required = set(schema.get("required", ()))
    for name, told in schema["properties"].items():
        need = "" if name in required or told.get("readOnly") else "optional"
        words = ". ".join(each.rstrip(".") for each in (need, told.get("description", ""), bounds(told)) if each)
        yield f"| `{name}` | {kind(document, told)} | {cell(words)} |"
    yield ""


def kind(document: dict[str, Any], told: dict[str, Any]) -> str:
    """A type in words, with a link to objects that have a name."""
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        return f"[{name}](#{anchor(name)})"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in told:
            return " or ".join(dict.fromkeys(kind(document, each) for each in told[key]))
    if told.get("enum"):
        return ", ".join(f"`{each}`" for each in told["enum"] if each is not None)
    kinds = told.get("type", told.get("format", "any"))
    if isinstance(kinds, list):
        return " or ".join(kind(document, {**told, "type": each}) for each in kinds)
    if kinds == "array":
        return f"list of {kind(document, told.get('items', {}))}"
    return str(told["format"] if kinds == "string" and "format" in told else kinds)


def bounds(told: dict[str, Any]) -> str:
    """The limits of a value in words."""
    said = []
    for low, high, unit in (("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " items")):
        least, most = told.get(low), told.get(high)
        if least is not None and most is not None:
            said.append(f"{least} to {most}{unit}")
        elif most is not None:
            said.append(f"at most {most}{unit}")
        elif least:
            said.append(f"at least {least}{unit}")
    if told.get("default") is not None:
        said.append(f"`{told['default']}` unless said")
    return ", ".join(said)


def cell(words: str) -> str:
    """Text that a table's cell can hold."""
    return words.replace("|", "\\|").replace("\n", " ")


class Operation:
    """One method of one path, and how it reads."""

    def __init__(self, document: dict[str, Any], path: str, method: str, told: dict[str, Any]) -> None:
        self.document, self.path, self.method, self.told = document, path, method, told

    def lines(self) -> Iterator[str]:
        told = self.told
        both = self.method == "put" and "patch" in self.document["paths"][self.path]
        yield f"### {'PUT or PATCH' if both else self.method.upper()} {self.path}\n"
        if told.get("deprecated"):
            yield "**Deprecated.** It answers as before; `Deprecation`, `Sunset` and `Link` say until when and what follows.\n"
        yield told["summary"] + (f" {told['description']}" if told.get("description") else "") + "\n"
        yield f"- **Who may:** {self.who()}"
        body = told.get("requestBody")
        if body:
            yield f"- **Body:** {self.body_kinds(body)}"
        yield f"- **Answers:** {self.answers()}"
        errors = [status for status in told["responses"] if status.isdigit() and status >= "400"]
        yield f"- **Errors:** {', '.join(errors)}\n"
        yield from self.parameters()
        yield f"```sh\n{self.curl()}\n```\n"

    def who(self) -> str:
        if not self.told["security"]:
            return "everybody"
        ways = [IDENTITY.get(name, name) for each in self.told["security"] for name in each]
        return f"permission `{self.told['x-permission']}`, by {', '.join(dict.fromkeys(ways))}"

    def body_kinds(self, body: dict[str, Any]) -> str:
        return "; ".join(f"{kind(self.document, media.get('schema', {}))} as `{name}`" for name, media in body["content"].items())

    def answers(self) -> str:
        return "; ".join(f"{status}: {self.answer(self.resolved(each))}" for status, each in self.told["responses"].items()
                         if status < "400" and status.isdigit())

    def answer(self, response: dict[str, Any]) -> str:
        content = response.get("content", {})
        if JSON not in content or "schema" not in content[JSON]:
            return ", ".join(f"`{name}`" for name in content) or response["description"].rstrip(".")
        others = [f"`{name}`" for name in content if name != JSON]
        return kind(self.document, self.inner(content[JSON]["schema"])) + (f" (also {', '.join(others)})" if others else "")

    def inner(self, schema: dict[str, Any]) -> dict[str, Any]:
        """What the envelope holds; the schema itself where there is no envelope."""
        whole = schema
        if "$ref" in schema:
            whole = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        inside: dict[str, Any] = whole.get("properties", {}).get("data", schema)
        return inside

    def parameters(self) -> Iterator[str]:
        """The query's own parameters; those of every list stand in api.md."""
        mine = [each for each in map(self.resolved, self.told.get("parameters", [])) if each["in"] in ("query", "header")]
        shared = [each["name"] for each in mine if each["name"] in PAGED]
        own = [each for each in mine if each["name"] not in PAGED and not each["name"].startswith("If-")]
        if own:
            yield "| parameter | type | |\n|---|---|---|"
            for each in own:
                words = " ".join(word for word in ("Required." if each.get("required") else "", each.get("description", "")) if word)
                yield f"| `{each['name']}`{' (header)' if each['in'] == 'header' else ''} | {kind(self.document, each['schema'])}" \
                      f" | {cell(words)} |"
            yield ""
        if shared:
            yield f"As every list: {', '.join(f'`{name}`' for name in shared)}.\n"

    def resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        _, _, group, name = part["$ref"].split("/")
        found: dict[str, Any] = self.document["components"][group][name]
        return found

    def curl(self) -> str:
        path = re.sub(r"{(\w+)}", lambda found: identity(found[1].removesuffix("_id")), self.path)
        parts = [f"curl -sS \"$PATCHBOARD{path}\""]
        if self.method != "get":
            parts[0] += f" -X {self.method.upper()}"
        if self.told["security"]:
            parts.append('-H "Authorization: Bearer $TOKEN"')
        media = self.told.get("requestBody", {}).get("content", {}).get(JSON)
        if media:
            example = media["example"] if "example" in media else next(iter(media.get("examples", {"": {"value": {}}}).values()))["value"]
            said = orjson.dumps(example).decode().replace("'", "'\\''")
            parts += ["-H 'Content-Type: application/json'", f"-d '{said}'"]
        elif "requestBody" in self.told:
            is_form = "multipart/form-data" in self.told["requestBody"]["content"]
            parts.append("-F file=@composer.lock" if is_form else "--data-binary @file")
        return " \\\n     ".join(parts)
