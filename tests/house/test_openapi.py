"""The OpenAPI document: valid, whole, and what the server really does."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
from flask import Flask
from marshmallow import fields
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests import factories
from tests.house.agreement import Agreement
from webapp.kit.permissions import Permission
from webapp.kit.web.doors import Doors
from webapp.kit.web.fields import Output
from webapp.kit.web.openapi import build
from webapp.kit.web.openapi_reference import PLACE, reference
from webapp.kit.web.openapi_schemas import Names

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document(app):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return build(app)


@pytest.fixture(scope="module")
def operations(document):
    return [(path, method, each) for path, methods in document["paths"].items() for method, each in methods.items()]


def doors(app):
    for rule in app.url_map.iter_rules():
        door = getattr(app.view_functions[rule.endpoint], "door", None)
        if door is not None and not door.is_page and not door.hidden:
            yield rule, door


def test_the_document_is_valid(document):
    assert document["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_door_for_programs_is_described_and_nothing_else(app, document):
    wanted = {(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower()) for rule, door in doors(app) for method in door.methods}
    assert wanted == {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert len(wanted) > 40


def test_operation_ids_are_unique_and_tell_put_from_patch(document, operations):
    ids = [each["operationId"] for *_, each in operations]
    assert len(ids) == len(set(ids))
    path = document["paths"]["/api/v1/organizations/{organization_id}"]
    assert (path["put"]["operationId"], path["patch"]["operationId"]) == ("change_organization", "patch_organization")


def test_every_operation_says_what_it_does_who_may_and_what_comes(operations):
    for path, method, each in operations:
        assert method in METHODS
        assert each["summary"], path
        assert each["tags"], path
        assert "default" in each["responses"], path
        assert any(status < "400" for status in each["responses"] if status != "default"), path


def test_every_tag_says_what_it_holds(document):
    assert [each["name"] for each in document["tags"] if not each.get("description")] == [], "describe it in webapp/examples.py (TAGS)"


def test_the_reference_is_up_to_date(document):
    said = (Path(__file__).resolve().parents[2] / PLACE).read_text()
    assert said == reference(document), "write it anew: flask --app wsgi api-reference"


def test_what_needs_no_identity_says_so_and_all_else_names_its_ways(app, document):
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearerAuth"]["bearerFormat"] == "JWT"
    assert (schemes["apiKey"]["in"], schemes["apiKey"]["name"]) == ("header", "X-API-Key")
    assert schemes["cookie"]["name"] == app.config["SESSION_COOKIE_NAME"]
    assert document["paths"]["/api/v1/auth/login"]["post"]["security"] == []
    listed = document["paths"]["/api/v1/sites"]["get"]["security"]
    assert listed == [{"bearerAuth": []}, {"apiKey": []}, {"cookie": []}]
    assert {"apiKey": []} not in document["paths"]["/api/v1/auth/me"]["get"]["security"]


def test_path_parameters_are_described_with_their_type(operations):
    for path, _, each in operations:
        described = {one["name"]: one for one in each.get("parameters", []) if one.get("in") == "path"}
        assert set(described) == set(re.findall(r"{(\w+)}", path)), path
        assert all(one["required"] for one in described.values())
        assert all(one["schema"]["format"] == "uuid" for name, one in described.items() if name.endswith("_id")), path


def test_a_list_says_how_it_is_paged_sorted_filtered_and_exported(document):
    told = document["paths"]["/api/v1/audit-logs"]["get"]
    parameters = {one["name"]: one for one in told["parameters"] if "name" in one}
    assert {"page", "per_page", "skip", "limit", "sort", "q", "format", "cursor", "from", "to"} <= set(parameters)
    assert "since" not in parameters
    assert parameters["per_page"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 200}
    assert parameters["page"]["description"]
    assert parameters["status"]["schema"]["enum"] == ["success", "failure"]
    assert parameters["from"]["schema"]["anyOf"] == [{"format": "date"}, {"format": "date-time"}]
    assert re.match(parameters["sort"]["schema"]["pattern"], "-at")
    assert not re.match(parameters["sort"]["schema"]["pattern"], "colour")
    kinds = told["responses"]["200"]["content"]
    assert {"application/json", "text/csv"} < set(kinds)
    assert any("spreadsheet" in kind for kind in kinds)


def test_bodies_name_their_fields_and_a_change_needs_none_of_them(document):
    schemas = document["components"]["schemas"]
    assert schemas["OrganizationInput"]["required"] == ["name"]
    assert schemas["OrganizationInput"]["additionalProperties"] is False
    assert "required" not in schemas["OrganizationPatch"]
    assert schemas["KeyInput"]["properties"]["expires_at"] == {
        "type": ["string", "null"],
        "format": "date-time",
        "examples": ["2026-11-18T16:05:00Z"],
    }
    assert schemas["KeyInput"]["properties"]["scopes"]["items"]["enum"] == ["ingest", "read", "write", "admin"]


def test_headers_that_matter_are_described(document):
    paths = document["paths"]
    made = paths["/api/v1/organizations"]["post"]
    assert {"$ref": "#/components/parameters/Idempotency-Key"} in made["parameters"]
    assert {"Location", "ETag", "X-Request-ID", "RateLimit-Remaining"} <= set(made["responses"]["201"]["headers"])
    changed = paths["/api/v1/organizations/{organization_id}"]["patch"]
    assert {"$ref": "#/components/parameters/If-Match"} in changed["parameters"]
    assert "412" in changed["responses"]
    read = paths["/api/v1/organizations/{organization_id}"]["get"]
    assert {"$ref": "#/components/parameters/If-None-Match"} in read["parameters"]
    assert "304" in read["responses"]


def test_errors_come_in_both_forms(document):
    content = document["components"]["responses"]["Invalid"]["content"]
    assert set(content) == {"application/json", "application/problem+json"}


def test_a_raw_body_is_described_by_its_schema(document):
    body = document["paths"]["/api/v1/ingest"]["post"]["requestBody"]
    assert body["required"]
    assert "schema" in body["content"]["application/json"]


def test_no_operation_is_described_as_open_that_is_not(app, operations):
    public = {rule.endpoint.rpartition(".")[2] for rule, door in doors(app) if door.needs is Permission.PUBLIC}
    assert {each["operationId"] for *_, each in operations if each["security"] == []} <= public


def test_an_extra_that_is_not_known_is_refused(app):
    room = Doors("room", __name__)

    @room.get("/things", needs=Permission.PUBLIC, extra={"request": {}})
    def list_things(actor):
        """Things."""

    with pytest.raises(LookupError, match=r"room\.list_things.*request"):
        build_alone(room)


def test_answers_are_as_described(app, cast):
    """Every kind of answer that needs little to provoke, held against the document."""
    agreement = Agreement(app)
    seen = []

    def compare(answer):
        seen.append((answer.status_code, agreement.complaints(answer)))
        return answer

    app.after_request_funcs.setdefault(None, []).insert(0, compare)
    try:
        with factories.writing(app):
            place = factories.site(cast.organization)
            factories.reported(place, {"webform": factories.module("webform", "6.2.7", "6.2.9", security=True)})
        provoke(cast, place.id)
    finally:
        app.after_request_funcs[None].remove(compare)
    assert {200, 201, 302, 304, 400, 401, 403, 404, 409, 412, 415, 422} <= {status for status, _ in seen}
    assert [complaints for _, complaints in seen if complaints] == []


def provoke(cast, site_id):
    admin, viewer = cast.admin, cast.viewer
    for path in (
        "/users",
        "/organizations",
        "/api-keys",
        "/sites",
        "/modules",
        "/audit-logs",
        f"/sites/{site_id}",
        f"/sites/{site_id}/modules",
        f"/sites/{site_id}/history",
        f"/organizations/{cast.organization.id}",
        "/auth/me",
    ):
        answer = admin.get(path)
        assert answer.status_code == 200, path
        admin.get(path, {"If-None-Match": answer.headers["ETag"]})
    for path in ("/health", "/health/live", "/health/ready", "/openapi.json", "/"):
        admin.get(path)
    admin.get("/", {"Accept": "text/html"})
    assert admin.get("/sites", format="csv").get_data()
    admin.get("/sites", skip=0, limit=1)
    admin.get("/audit-logs", cursor="")
    admin.get("/sites", colour="red")
    admin.get("/sites", {"Accept": "application/problem+json"}, colour="red")
    admin.get("/sites/0190a3b0-0000-7000-8000-000000000000")
    admin.get("/sites", {"X-API-Version": "2"})
    cast.app.test_client().get("/api/v1/sites")
    viewer.post("/sites", {"name": "x"})
    cast.root.post("/organizations", {"name": "New"})
    cast.root.post("/organizations", {"name": "New"})
    cast.root.post("/organizations", {"colour": "red"})
    admin.post("/sites", headers={"Content-Type": "text/csv"})
    admin.patch(f"/sites/{site_id}", {"description": "x"}, {"If-Match": '"old"'})
    admin.patch(f"/sites/{site_id}", {"description": "x"})
    admin.delete(f"/sites/{site_id}")
    admin.post(f"/sites/{site_id}/restore")
    admin.post("/auth/logout")


def test_names_of_schemas_are_their_classes_and_the_room_tells_two_apart():
    names = Names()
    own, other = (
        type("ThingSchema", (Output,), {"__module__": f"webapp.{room}.schemas", "id": fields.UUID()}) for room in ("fleet", "reports")
    )
    names.keep(own())
    assert [names(other()), names(own()), names(own(partial=True)), names(other())] == [
        "ReportsThing",
        "Thing",
        "ThingPatch",
        "ReportsThing",
    ]
    assert names(own(exclude=["id"])) == "ThingWithoutId"


def test_an_answer_of_two_kinds_and_a_file_are_described():
    room = Doors("room", __name__)
    first, second = (type(f"{name}Schema", (Output,), {"id": fields.UUID()}) for name in ("First", "Second"))

    @room.get("/things", needs=Permission.PUBLIC, gives=first(), lists=True, extra={"or_gives": second})
    def list_things(actor):
        """Things."""

    @room.get("/things/file", needs=Permission.PUBLIC, extra={"produces": ["application/pdf"]})
    def download_things(actor):
        """All things."""

    paths = build_alone(room)
    assert paths["components"]["schemas"]["FirstList"]["properties"]["data"]["items"]["anyOf"] == [
        {"$ref": "#/components/schemas/First"},
        {"$ref": "#/components/schemas/Second"},
    ]
    file = paths["paths"]["/api/v1/things/file"]["get"]["responses"]
    assert set(file["200"]["content"]) == {"application/pdf"}
    assert "Content-Disposition" in file["200"]["headers"]
    assert "304" in file


def build_alone(room):
    other = Flask("other")
    other.config["VERSION"] = "1"
    other.register_blueprint(room)
    return build(other)


def test_what_the_guide_shows_is_described(document):
    guide = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text()
    shown = set(re.findall(r"\$PATCHBOARD(/api/v1[a-z/-]*)", guide))
    known = {re.sub(r"{\w+}", "", path) for path in document["paths"]}
    assert len(shown) > 5
    assert shown <= known
    assert set(re.findall(r"^\| `(/\w[\w/]*)` \|", guide, re.MULTILINE)) == {"/health", "/health/live", "/health/ready", "/metrics"}


def test_the_examples_of_a_report_are_taken_and_as_described(app, cast, document):
    body = document["paths"]["/api/v1/ingest"]["post"]["requestBody"]["content"]["application/json"]
    agreement = Agreement(app)
    assert len(body["examples"]) > 2
    for example in body["examples"].values():
        with factories.writing(app):
            key = cast.key(site=factories.site(cast.organization))
        assert agreement.against(body["schema"], example["value"]) == []
        answer = key.post("/ingest", example["value"])
        assert answer.status_code == 200, answer.json
        assert answer.json["data"]["received"] >= 1
