"""What holds for every route (contract §1), shown on sites and organizations."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest

from tests import factories


@pytest.fixture
def five(app, cast):
    with factories.writing(app):
        return [factories.site(cast.organization, name=f"Site {letter}").name for letter in "ABCDE"]


def names(answer):
    assert answer.status_code == 200, answer.json
    return [row["name"] for row in answer.json["data"]]


def test_pages_show_every_row_once(cast, five):
    seen, address = [], "/sites?per_page=2&sort=name"
    while address:
        answer = cast.admin.get(address)
        seen += names(answer)
        address = answer.json["links"]["next"]
    assert seen == five
    assert answer.json["meta"] == {"total": 5, "page": 3, "per_page": 2, "pages": 3}
    assert answer.json["links"]["prev"].endswith("page=2")


def test_skip_and_limit(cast, five):
    answer = cast.admin.get("/sites", sort="name", skip=3, limit=10)
    assert names(answer) == five[3:]
    assert answer.json["meta"] == {"total": 5, "skip": 3, "limit": 10}


@pytest.mark.parametrize("query", [{"page": 0}, {"page": "x"}, {"per_page": 0}, {"per_page": 201}, {"limit": 201}, {"limit": 0},
                                   {"skip": -1}, {"page": 1, "skip": 1}, {"sort": "colour"}, {"colour": "red"}, {"format": "parquet"},
                                   {"environment": "moon"}, {"from": "yesterday"}, {"page": 10**30}])
def test_queries_that_cannot_be_meant(cast, query):
    answer = cast.admin.get("/sites", **query)
    assert (answer.status_code, answer.json["error"]) == (422, "validation_error")
    assert answer.json["details"][0]["field"] in query


def test_an_unknown_filter_is_told_the_known_ones(cast):
    assert "environment" in cast.admin.get("/sites", colour="red").json["details"][0]["message"]


def test_search_takes_signs_as_letters(cast, five):
    assert names(cast.admin.get("/sites", q="%")) == []
    assert names(cast.admin.get("/sites", q="site b")) == ["Site B"]


def test_cursor_pages_lose_and_double_nothing_while_rows_are_added(cast):
    for number in range(5):
        cast.root.patch(f"/organizations/{cast.organization.id}", {"description": str(number)})
    wanted = [row["id"] for row in cast.root.get("/audit-logs", per_page=200).json["data"]]
    seen, cursor = [], ""
    while cursor is not None:
        answer = cast.root.get("/audit-logs", per_page=2, cursor=cursor).json
        seen += [row["id"] for row in answer["data"]]
        cursor = answer["meta"]["next_cursor"]
        cast.root.patch(f"/organizations/{cast.organization.id}", {"description": f"more {len(seen)}"})
    assert seen == wanted
    assert cast.root.get("/audit-logs", cursor="not-a-cursor").status_code == 422


def test_etags(cast):
    path = f"/organizations/{cast.organization.id}"
    first = cast.admin.get(path)
    again = cast.admin.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    stale = {"If-Match": first.headers["ETag"]}
    assert cast.admin.patch(path, {"description": "one"}, headers=stale).status_code == 200
    assert cast.admin.patch(path, {"description": "two"}, headers=stale).json["error"] == "precondition_failed"
    assert cast.admin.delete(path, headers=stale).status_code == 412


def test_a_repeated_post_has_one_effect(cast):
    body, key = {"name": "Once"}, {"Idempotency-Key": "a-key"}
    first, again = (cast.root.post("/organizations", body, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json["data"]["id"], first.headers["Location"]) == (again.json["data"]["id"], again.headers["Location"])
    assert cast.root.post("/organizations", {"name": "Other"}, headers=key).status_code == 422
    assert cast.root.get("/organizations", q="Other").json["meta"]["total"] == 0


def test_a_refused_post_does_not_use_its_key_up(cast):
    key = {"Idempotency-Key": "b-key"}
    assert cast.root.post("/organizations", {"name": ""}, headers=key).status_code == 422
    assert cast.root.post("/organizations", {"name": "Now right"}, headers=key).status_code == 201


def test_exports_hold_all_rows_and_run_nothing(app, cast, five):
    with factories.writing(app):
        factories.site(cast.organization, name="=HYPERLINK(1)")
    answer = cast.admin.get("/sites", format="csv", per_page=2)
    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert len(lines) == 7
    assert not any(cell.startswith("=") for line in lines for cell in line)
    book = cast.admin.get("/sites", format="xlsx").data
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(book)).namelist()
    assert cast.admin.get("/sites", headers={"Accept": "text/csv"}).mimetype == "text/csv"


def test_exports_stay_within_the_walls(app, cast, five):
    assert "Site A" not in cast.stranger.get("/sites", format="csv").get_data(as_text=True)


def test_errors_have_one_shape(cast, client):
    answer = cast.admin.get("/sites/0190a3b0-0000-7000-8000-000000000000")
    assert answer.json | {"timestamp": 0, "request_id": 0, "message": 0} == {
        "status_code": 404, "error": "not_found", "message": 0, "details": [], "timestamp": 0, "request_id": 0}
    assert answer.headers["X-Request-ID"] == answer.json["request_id"]
    assert client.get("/nowhere").json["error"] == "not_found"
    assert cast.admin.delete("/organizations").status_code == 405
    problem = cast.admin.get("/nowhere", headers={"Accept": "application/problem+json"})
    assert (problem.mimetype, problem.json["status"]) == ("application/problem+json", 404)
    assert problem.json["error"] == "not_found"
    assert problem.json["timestamp"].endswith("Z")


PROBLEM = "application/problem+json"


@pytest.mark.parametrize(("accept", "kind"), [
    (PROBLEM, PROBLEM), (f"{PROBLEM}, application/json", PROBLEM), ("application/json, Application/Problem+JSON", PROBLEM),
    (f"{PROBLEM}; charset=utf-8", PROBLEM), (f"{PROBLEM};q=0.5, application/json;q=0.4", PROBLEM), (f"{PROBLEM};q=0.1", PROBLEM),
    (f"{PROBLEM};q=0.5, application/json", "application/json"), (f"{PROBLEM};q=0", "application/json"),
    (f"{PROBLEM};q=0, */*", "application/json"), (f"{PROBLEM};q=0.5, */*", "application/json"), ("*/*", "application/json"),
    ("application/*", "application/json"), (f"text/{PROBLEM}", "application/json"), ("", "application/json"),
])
def test_the_form_of_errors_is_the_one_that_is_liked_better(cast, accept, kind):
    answer = cast.admin.get("/nowhere", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype, answer.json["error"]) == (404, kind, "not_found")


@pytest.mark.parametrize("body", [b"[]", b'"a"', b"null", b"1"])
def test_a_body_that_is_no_object_is_told_so(cast, body):
    answer = cast.root.send("POST", "/organizations", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["message"]) == (422, "Must be an object.")
    assert answer.json["details"] == [{"field": "", "message": "Must be an object."}]


def test_ids_of_requests_are_taken_if_sane(cast):
    answer = cast.admin.get("/organizations", headers={"X-Request-ID": "mine-1", "X-Correlation-ID": "mine-2"})
    assert (answer.headers["X-Request-ID"], answer.headers["X-Correlation-ID"]) == ("mine-1", "mine-2")
    assert "<" not in cast.admin.get("/organizations", headers={"X-Request-ID": "x" * 500 + "<script>"}).headers["X-Request-ID"]


def test_versions_of_the_api(cast):
    assert cast.admin.get("/organizations").headers["X-API-Version"] == "1"
    assert cast.admin.get("/organizations", headers={"X-API-Version": "2"}).status_code == 400


@pytest.mark.parametrize(("body", "kind", "status"), [
    (b"{", "application/json", 400), (b'{"name": "a",}', "application/json", 400), (b"name\nx", "text/csv", 415),
    (rb'{"name": "a\u0000b"}', "application/json", 422), (rb'{"name": "a\ud800b"}', "application/json", 400),
    (b"[]", "application/json", 422), (b'{"name": ["a"]}', "application/json", 422), (b'{"name": "a", "colour": 1}', "application/json", 422),
    (b'{"name": "' + b"x" * 5_300_000 + b'"}', "application/json", 413),
])
def test_bodies_that_are_refused(cast, body, kind, status):
    assert cast.root.send("POST", "/organizations", data=body, content_type=kind).status_code == status


def test_a_cookie_alone_changes_nothing(app, cast):
    browser = cast.admin.browser()
    assert browser.client.get("/api/v1/auth/me").status_code == 200
    path = f"/api/v1/organizations/{cast.organization.id}"
    assert browser.client.patch(path, json={"description": "x"}).status_code == 403
    assert browser.client.patch(path, json={"description": "x"}, headers={"X-CSRFToken": browser.token()}).status_code == 200


def test_https_only_where_it_is_set(app, cast, client):
    app.config["FORCE_HTTPS"] = True
    try:
        assert client.get("/organizations").json["error"] == "https_required"
        page = app.test_client().get("/sites?q=a", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["Location"]) == (308, "https://localhost/sites?q=a")
        assert client.post("/organizations", {}).json["error"] == "https_required"
        assert client.get("/health/live").status_code == 200
    finally:
        app.config["FORCE_HTTPS"] = False


def test_other_origins_only_where_they_are_named(app, cast):
    assert "Access-Control-Allow-Origin" not in cast.admin.get("/organizations", headers={"Origin": "https://tool.example"}).headers
    app.config["CORS_ORIGINS"] = ["https://tool.example"]
    try:
        named = cast.admin.get("/organizations", headers={"Origin": "https://tool.example"})
        assert named.headers["Access-Control-Allow-Origin"] == "https://tool.example"
        other = cast.admin.get("/organizations", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
    finally:
        app.config["CORS_ORIGINS"] = []
