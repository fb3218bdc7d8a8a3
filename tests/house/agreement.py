"""Whether an answer is what the OpenAPI document says that it is."""

from __future__ import annotations

import re
from typing import Any

import orjson
from flask import Response, request
from jsonschema import Draft202012Validator, FormatChecker

from webapp.kit.web.openapi import build

JSON_KINDS = ("application/json", "application/problem+json")
MOST = 3
MOVED = 308  # to the same address with https, before any door
# What can be answered anywhere, before a door is found or when something fails inside; all else is said at the operation.
ANYWHERE = {405, 408, 414, 431, 500}


class Agreement:
    """The document of an application, and what real requests and answers have against it."""

    def __init__(self, app: Any) -> None:
        self.document = build(app)
        self.validators: dict[int, tuple[Any, Draft202012Validator]] = {}
        self.paths = {re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$"): path for path in self.document["paths"]}

    def operation(self, path: str, method: str) -> dict[str, Any] | None:
        """The operation that a request meant; a path without parameters goes before one with."""
        found = [known for pattern, known in self.paths.items() if pattern.match(path)]
        for known in sorted(found, key=lambda each: each.count("{")):
            if method.lower() in self.document["paths"][known]:
                return self.document["paths"][known][method.lower()]
        return None

    def complaints(self, answer: Response) -> list[str]:
        """What the document does not allow in this answer to the current request; nothing where it says nothing."""
        operation = self.operation(request.path, "GET" if request.method == "HEAD" else request.method)
        if operation is None or request.method == "HEAD" or answer.status_code == MOVED:
            return []
        told = operation["responses"].get(str(answer.status_code))
        if told is None:
            if answer.status_code not in ANYWHERE:
                return [f"status {answer.status_code} is not described"]
            told = operation["responses"]["default"]
        told = self.resolved(told)
        found = [
            f"header {name} is missing" for name in self.promised(answer.status_code) if name not in answer.headers
        ]
        if answer.status_code in (302, 304):
            return found
        media = told["content"].get(answer.mimetype)
        if media is None:
            return [*found, f"{answer.mimetype} is not described for {answer.status_code}"]
        if answer.mimetype in JSON_KINDS and "schema" in media and answer.is_sequence:
            found += self.against(media["schema"], orjson.loads(answer.get_data()))
        return found + (self.of_request(operation) if answer.status_code < 300 else [])

    def of_request(self, operation: dict[str, Any]) -> list[str]:
        """What was taken although the document does not allow it."""
        known = {each["name"] for each in map(self.resolved, operation.get("parameters", [])) if each["in"] == "query"}
        return [f"parameter {name} was taken, but is not described" for name in request.args if name not in known]

    def promised(self, status: int) -> list[str]:
        return {201: ["X-Request-ID"], 202: ["Location"], 401: ["WWW-Authenticate"], 429: ["Retry-After"]}.get(
            status, []
        )

    def resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        return self.document["components"][kind][name]

    def validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        """The validator of a schema of this document, made once: the suite asks for each of them often."""
        if id(schema) not in self.validators:
            whole = {**schema, "components": self.document["components"]}
            self.validators[id(schema)] = schema, Draft202012Validator(whole, format_checker=FormatChecker())
        return self.validators[id(schema)][1]

    def against(self, schema: dict[str, Any], value: Any) -> list[str]:
        errors = self.validator(schema).iter_errors(value)
        return [
            f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error, _ in zip(errors, range(MOST), strict=False)
        ]


def watch(app: Any) -> None:
    """Holds every answer of this application against its document from now on; AssertionError where it is not in it."""
    agreement: list[Agreement] = []

    def compare(answer: Response) -> Response:
        if not agreement:
            agreement.append(Agreement(app))
        complaints = agreement[0].complaints(answer)
        assert not complaints, f"{request.method} {request.path} -> {answer.status_code}: {complaints}"
        return answer

    app.after_request_funcs.setdefault(None, []).insert(0, compare)
