"""Bodies that are more than one schema's JSON: those that may be missing, and documents of tools, XML among them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Request, current_app
from marshmallow import Schema

from webapp.insights.formats import Reading, read_json, read_xml
from webapp.insights.schemas.facts import read_facts
from webapp.insights.schemas.planning import MeasurementInput, MeasurementsInput
from webapp.kit.errors import Invalid, UnsupportedMediaType
from webapp.kit.web.bodies import GZIP_NAMES, UNZIPPED, read_body, sent_bytes, unzip

XML = ("application/xml", "text/xml")


def optional_body(schema: type[Schema]) -> dict[str, Any]:
    """The body of a verb that needs none."""
    return dict(schema().load(read_body())) if sent_bytes().strip() else {}


def read_measured(asked: Request, query: Mapping[str, Any], at: datetime) -> tuple[list[dict[str, Any]], bool]:
    """What a body says was measured, and whether it is the form for many; of a tool's document, the address says of what."""
    if asked.mimetype in XML or asked.mimetype.endswith("+xml"):
        return [_of_document(read_xml(_xml_bytes(asked)), query, at)], False
    body = read_body()
    reading = read_json(body) if isinstance(body, dict) else None
    if reading is not None:
        return [_of_document(reading, query, at)], False
    if query:
        raise Invalid.at(next(iter(query)), "Of a measurement in JSON this stands in the body; in the address it is of a tool's document.")
    return read_facts(MeasurementInput, MeasurementsInput, body, "external_id")


def _xml_bytes(asked: Request) -> bytes:
    encoding = asked.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return sent_bytes()
    if encoding not in GZIP_NAMES:
        raise UnsupportedMediaType("Send the body as it is, or with Content-Encoding: gzip.", headers={"Accept-Encoding": "gzip"})
    return unzip(sent_bytes(), current_app.config["MAX_BODY_BYTES"] * UNZIPPED)


def _of_document(reading: Reading, query: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """A tool's document as a measurement of the repository that the address names."""
    if "repository_id" not in query:
        raise Invalid.at("repository_id", "Say of which repository, in the address.")
    made_at = reading.pop("measured_at", None)
    known = {name: value for name, value in reading.items() if value is not None}
    made = {"measured_at": min(made_at, at) if made_at else at}
    return {**made, **query, **known}
