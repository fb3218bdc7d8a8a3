"""The OpenAPI 3.1 document, made from what every door was told, so that it and the server cannot disagree."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from typing import Any

import orjson
from apispec import APISpec
from flask import Flask
from marshmallow import fields
from werkzeug.routing import Rule

from webapp.kit.permissions import Permission
from webapp.kit.web import openapi_components as parts
from webapp.kit.web.doors import CHANGES, SAFE, Door, names_a_state
from webapp.kit.web.multipart import FORM
from webapp.kit.web.openapi_components import JSON, XLSX, error_ref, header_refs
from webapp.kit.web.openapi_examples import TAGS, WORDS, illustrate
from webapp.kit.web.openapi_schemas import SchemaPlugin

CACHE = "patchboard_openapi"
ABOUT = """Inventory and patches of Drupal sites.

Every answer is `{"data", "meta", "links"}`; every error has `status_code`, `error`, `message`, `details`, `timestamp`
and `request_id`, or is RFC 9457 with `Accept: application/problem+json`. Times are RFC 3339 in UTC, ids are UUIDs.
Bodies may be sent with `Content-Encoding: gzip`. Lists take `page` and `per_page`, or `skip` and `limit`; an unknown
parameter is 422."""
PARAMETER = re.compile(r"<(?:(?P<kind>[a-z]+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
KINDS = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}, "float": {"type": "number"}}
BUILT = ("or_gives", "request_schema", "examples", "headers", "responses", "produces", "deprecated")


def openapi_json(app: Flask) -> bytes:
    """The document as JSON; built once a process."""
    if CACHE not in app.extensions:
        app.extensions[CACHE] = orjson.dumps(build(app))
    kept: bytes = app.extensions[CACHE]
    return kept


def build(app: Flask) -> dict[str, Any]:
    """The whole document, from the application's URL map."""
    plugin = SchemaPlugin()
    spec = APISpec(
        title="Patchboard",
        version=app.config["VERSION"],
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        servers=[{"url": "/"}],
        security=[{name: []} for name in parts.SECURITY],
    )
    _share(spec)
    found = sorted(operations_of(app), key=lambda each: each[:2])
    names = operation_ids(found)
    for *_, view in found:
        if view.door.gives:
            plugin.names.keep(view.door.gives)
    for path, method, rule, view in found:
        described = describe(plugin, spec, view, rule, method)
        spec.path(path=path, operations={method.lower(): {"operationId": names[path, method], **described}})
    about = app.extensions.get(TAGS, {})
    for tag in sorted({view.door.tag for *_, view in found}):
        spec.tag({"name": tag, **({"description": about[tag]} if tag in about else {})})
    document = dict(spec.to_dict())
    illustrate(document, app.extensions.get(WORDS, {}))
    return document


def _share(spec: APISpec) -> None:
    for name, schema in parts.SCHEMAS.items():
        spec.components.schema(name, schema)
    for name, (words, kind) in parts.HEADERS.items():
        spec.components.header(name, {"description": words, "schema": kind})
    for name, response in parts.responses().items():
        spec.components.response(name, response)
    for name, parameter in parts.PARAMETERS.items():
        spec.components.parameter(name, "header", {**parameter, "name": name})
    for name, scheme in parts.SECURITY.items():
        spec.components.security_scheme(name, scheme)


def operations_of(app: Flask) -> list[tuple[str, str, Rule, Any]]:
    """Path, method, rule and view of every door that is meant for programs."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        door: Door | None = getattr(view, "door", None)
        if door is None or door.is_page or door.hidden:
            continue
        path = PARAMETER.sub(lambda match: f"{{{match['name']}}}", rule.rule)
        found += [(path, method, rule, view) for method in door.methods]
    return found


def operation_ids(found: list[tuple[str, str, Rule, Any]]) -> dict[tuple[str, str], str]:
    """The view's name, with the room's before it where two rooms have the same."""
    wanted = {(path, method): operation_id(view, method) for path, method, _, view in found}
    shared = {name for name, count in Counter(wanted.values()).items() if count > 1}
    room = {(path, method): rule.endpoint.rpartition(".")[0] for path, method, rule, _ in found}
    return {key: f"{room[key]}_{name}" if name in shared else name for key, name in wanted.items()}


def operation_id(view: Any, method: str) -> str:
    """The view's name; where one view is PUT and PATCH, the latter's begins with `patch`."""
    name: str = view.__name__
    if method == "PATCH" and "PUT" in view.door.methods:
        return f"patch_{name.removeprefix('change_').removeprefix('set_')}"
    return name


def describe(plugin: SchemaPlugin, spec: APISpec, view: Any, rule: Rule, method: str) -> dict[str, Any]:
    """One operation, without its id."""
    door: Door = view.door
    unknown = set(door.extra) - set(BUILT)
    if unknown:
        raise LookupError(f"{rule.endpoint}: Door.extra does not take {', '.join(sorted(unknown))}")
    summary, _, description = (view.__doc__ or view.__name__).strip().partition("\n")
    told: dict[str, Any] = {
        "tags": [door.tag],
        "summary": summary,
        "x-permission": door.needs.value,
        "security": security_of(door),
    }
    if description.strip():
        told["description"] = " ".join(description.split())
    if door.extra.get("deprecated"):
        told["deprecated"] = True
    parameters = (
        path_parameters(rule) + (plugin.parameters(door.query) if door.query else []) + deleted_parameter(door, method)
        + header_parameters(door, method)
    )
    if parameters:
        told["parameters"] = parameters
    body = body_of(plugin, door, method)
    if body:
        told["requestBody"] = body
    told["responses"] = {
        **success(plugin, spec, door, method),
        **failures(door, rule, method),
        **door.extra.get("responses", {}),
    }
    return told


def security_of(door: Door) -> list[dict[str, list[str]]]:
    """What an operation takes as identity; own accounts and the system itself are for people alone."""
    if door.needs is Permission.PUBLIC:
        return []
    people_only = door.needs in (Permission.OWN_ACCOUNT, Permission.SYSTEM_OPERATE)
    return [{name: []} for name in parts.SECURITY if name != "apiKey" or not people_only]


def path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "in": "path",
            "name": match["name"],
            "required": True,
            "schema": dict(KINDS.get(match["kind"] or "", {"type": "string"})),
        }
        for match in PARAMETER.finditer(rule.rule)
    ]


def header_parameters(door: Door, method: str) -> list[Any]:
    """The headers that the server heeds at this door, and those that the door names itself."""
    names = []
    if method == "POST" and door.idempotent and door.needs is not Permission.PUBLIC:
        names.append("Idempotency-Key")
    if names_a_state(door, method):
        names.append("If-Match")
    if method in SAFE and _has_tag(door):
        names.append("If-None-Match")
    own = [
        {"in": "header", "name": name, "description": words, "schema": {"type": "string"}}
        for name, words in door.extra.get("headers", {}).items()
    ]
    return [*names, *own]


def body_of(plugin: SchemaPlugin, door: Door, method: str) -> dict[str, Any] | None:
    """The body: the door's schema, or the one in `extra` of a door that reads the raw body."""
    if door.takes:
        schema = plugin.reference(door.takes(partial=True) if door.partial and method in CHANGES else door.takes)
    elif "request_schema" in door.extra:
        schema = plugin.reference(door.extra["request_schema"])
    else:
        return None
    media: dict[str, Any] = {"schema": schema}
    if "examples" in door.extra:
        media["examples"] = {
            name: each if isinstance(each, dict) and "value" in each else {"value": each}
            for name, each in door.extra["examples"].items()
        }
    content = {FORM if door.takes_file else JSON: media}
    if door.accepts_form:
        content["application/x-www-form-urlencoded"] = {"schema": schema}
    return {"required": True, "content": content}


def success(plugin: SchemaPlugin, spec: APISpec, door: Door, method: str) -> dict[str, Any]:
    """The answer when all went well, unless the door describes its own 2xx, or sends on to somewhere else."""
    if any(str(status).startswith(("2", "3")) for status in door.extra.get("responses", {})):
        return {}
    headers = ["X-Request-ID", *parts.LIMITS] + (["ETag"] if _has_tag(door) else [])
    if door.at or door.status in (201, 202):
        headers.append("Location")
    if method == "POST" and door.idempotent and door.needs is not Permission.PUBLIC:
        headers.append("Idempotent-Replayed")
    content = content_of(plugin, spec, door)
    if set(content) != {JSON}:
        headers.append("Content-Disposition")
    words = {200: "Done.", 201: "Made.", 202: "Taken on; `Location` says where to look."}.get(door.status, "Done.")
    found = {str(door.status): {"description": words, "headers": header_refs(*headers), "content": content}}
    if method in SAFE and _has_tag(door):
        found["304"] = {"description": "Not changed since `If-None-Match`.", "headers": header_refs("ETag")}
    return found


def _has_tag(door: Door) -> bool:
    """Whether its answers are representations of something, which have an ETag."""
    return bool(door.gives) or "produces" in door.extra


def content_of(plugin: SchemaPlugin, spec: APISpec, door: Door) -> dict[str, Any]:
    """The representations of an answer: the envelope, the exports of a list, the files that a door produces."""
    if "produces" in door.extra:
        return {kind: {} for kind in door.extra["produces"]}
    if door.gives is None:
        return {JSON: {"schema": parts.one_envelope({"type": "object"})}}
    row = plugin.reference(type(door.gives) if _is_plain(door.gives) else door.gives)
    name = row["$ref"].rpartition("/")[2] + ("List" if door.lists else "Answer")
    if "or_gives" in door.extra:
        row = {"anyOf": [row, plugin.reference(door.extra["or_gives"])]}
    if name not in spec.components.schemas:
        spec.components.schema(name, (parts.list_envelope if door.lists else parts.one_envelope)(row))
    content: dict[str, Any] = {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    if door.lists and door.query and "format" in door.query._declared_fields:
        content |= {"text/csv": {"schema": {"type": "string"}}, XLSX: {}}
    return content


def _is_plain(schema: Any) -> bool:
    return not schema.exclude and schema.only is None and not schema.partial


def deleted_parameter(door: Door, method: str) -> list[dict[str, Any]]:
    """What shows a deleted thing by its address, where its finder can find one."""
    finds = door.finds if method == "GET" and not door.query else None
    if finds is None or "deleted" not in inspect.signature(finds).parameters:
        return []
    return [{"name": "include_deleted", "in": "query", "schema": {"type": "boolean"}, "description": "Also if it is deleted; for admins."}]


def _names_others(door: Door) -> bool:
    """Whether the body or the query names things by their ids, which may not be there."""
    every = [each for schema in (door.takes, door.query) if schema for each in schema._declared_fields.values()]
    return any(isinstance(each.inner if isinstance(each, fields.List) else each, fields.UUID) for each in every)


def failures(door: Door, rule: Rule, method: str) -> dict[str, Any]:
    """The errors that this operation can answer with."""
    statuses = [400, 429, 503]
    if door.needs is not Permission.PUBLIC:
        statuses += [401, 403]
    elif door.takes:
        statuses.append(401)
    if rule.arguments or _names_others(door):
        statuses.append(404)
    if method not in SAFE:
        statuses += [409, 422]
    if door.query or deleted_parameter(door, method):
        statuses.append(422)
    if names_a_state(door, method):
        statuses.append(412)
    if door.takes or "request_schema" in door.extra:
        statuses += [413, 415]
    found = {str(status): error_ref(status) for status in sorted(set(statuses))}
    return found | {"default": {"$ref": "#/components/responses/Error"}}
