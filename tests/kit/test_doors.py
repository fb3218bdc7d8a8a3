"""Doors at their edges: parts of lists, formats by header, streams, bodies without end, and two at once."""

from __future__ import annotations

import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from marshmallow import Schema

from tests import factories
from webapp.kit.errors import Invalid
from webapp.kit.web import exports
from webapp.kit.web.doors import load_query
from webapp.kit.web.fields import Choices, ListQuery, Moment

XLSX = exports.XLSX


def skips(links):
    """The `skip` of each link; None where there is none."""
    return {
        name: int(parse_qs(urlsplit(link).query)["skip"][0]) if link else None
        for name, link in links.items()
        if name != "self"
    }


@pytest.fixture
def sites(app, cast):
    with factories.writing(app):
        return [factories.site(cast.organization, name=f"Site {number:02}") for number in range(11)]


def test_parts_of_a_list_by_skip_lie_side_by_side(cast, sites):
    answer = cast.viewer.get("/sites", skip=5, limit=3).json
    assert skips(answer["links"]) == {"first": 0, "prev": 2, "next": 8, "last": 9}
    assert skips(cast.viewer.get("/sites", skip=9, limit=3).json["links"])["next"] is None
    assert skips(cast.viewer.get("/sites", skip=1, limit=3).json["links"])["prev"] == 0
    assert skips(cast.viewer.get("/sites", limit=3).json["links"])["prev"] is None


def test_following_next_by_skip_meets_every_row_once(cast, sites):
    met, path = [], "/api/v1/sites?skip=0&limit=4&sort=name"
    while path:
        answer = cast.viewer.get(path).json
        met += [row["name"] for row in answer["data"]]
        path = answer["links"]["next"]
    assert met == [site.name for site in sites]


def test_beyond_the_end_prev_is_the_last_part(cast, sites):
    links = cast.viewer.get("/sites", page=1000, per_page=5).json["links"]
    assert parse_qs(urlsplit(links["prev"]).query)["page"] == ["3"]
    assert links["next"] is None
    assert skips(cast.viewer.get("/sites", skip=1000, limit=5).json["links"])["prev"] == 6


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"),
        (XLSX, XLSX),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("text/csv, application/json;q=0.5", "text/csv"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("application/problem+json", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_the_format_that_accept_prefers(cast, sites, accept, kind):
    answer = cast.viewer.get("/sites", {"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.get_data()


def test_the_parameter_goes_before_the_header(cast, sites):
    assert cast.viewer.get("/sites", {"Accept": "text/csv"}, format="json").mimetype == "application/json"


def test_an_export_is_not_read_whole_before_it_is_sent(app, cast, monkeypatch):
    read = []

    def lines(columns, rows):
        for number in range(1000):
            read.append(number)
            yield "line\n" * 100

    monkeypatch.setattr(exports, "csv_lines", lines)
    answer = cast.viewer.get("/sites", format="csv")
    assert answer.status_code == 200
    assert len(read) <= 1
    answer.close()


def test_two_at_once_make_one_and_a_conflict(app, cast):
    statuses, ready = [], threading.Barrier(4)

    def make():
        ready.wait()
        statuses.append(cast.root.post("/organizations", {"name": "Twice"}).status_code)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]


class Endless:
    """A request body that goes on and on."""

    sent = 0

    def read(self, size=-1):
        self.sent += size
        assert size > 0
        assert self.sent < 50_000_000
        return b"a" * size

    def readinto(self, buffer):
        buffer[:] = self.read(len(buffer))
        return len(buffer)


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


@pytest.mark.parametrize("kind", [FORM, PARTS, "application/json"])
def test_a_body_without_end_is_refused_and_never_read_whole(app, kind):
    body = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "CONTENT_TYPE": kind}
    headers = {"Accept": "application/json"}
    answer = app.test_client().post("/api/v1/auth/login", headers=headers, environ_overrides=body)
    assert answer.status_code in ((413, 422) if kind == FORM else (413,))


def test_a_body_that_is_no_json_is_not_kept_for_its_key_whatever_its_size(app, cast):
    headers = {**cast.root.headers, "Idempotency-Key": "one", "Content-Type": "text/plain"}
    answer = app.test_client().post("/api/v1/organizations", data=b"x" * 6_000_000, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("value", ["9999-12-31", "9999-12-31T23:59:59Z"])
def test_the_last_day_of_all_is_no_error_of_ours(cast, value):
    assert cast.admin.get("/audit-logs", to=value).status_code in (200, 422)


class WordQuery(ListQuery):
    states = Choices(["ok", "silent", "outdated"], data_key="status")
    since = Moment(data_key="from")


def test_several_words_by_comma_or_repeated(app):
    for query in ("status=ok,silent", "status=ok&status=silent"):
        with app.test_request_context(f"/?{query}"):
            assert load_query(WordQuery)["states"] == ["ok", "silent"]


def test_an_unknown_filter_is_refused_with_the_known_ones(app):
    with app.test_request_context("/?states=ok"), pytest.raises(Invalid) as refused:
        load_query(WordQuery)
    assert "status" in refused.value.details[0]["message"]


@pytest.mark.parametrize("value", [7, None, {"a": 1}, [], [["ok"]], ["ok", "purple"], [None]])
def test_words_of_another_kind_are_invalid_and_no_failure(value):
    class Body(Schema):
        states = Choices(["ok", "silent"])

    assert "states" in Body().validate({"states": value})


def test_a_change_that_needs_a_field_says_so(cast):
    answer = cast.admin.put(f"/organizations/{cast.organization.id}/members/{cast.viewer.id}", {})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "role")


def test_head_answers_as_get_without_a_body(cast):
    got, head = cast.viewer.get("/sites"), cast.viewer.send("HEAD", "/sites")
    assert (head.status_code, head.headers["ETag"], head.get_data()) == (200, got.headers["ETag"], b"")
    assert cast.viewer.send("HEAD", "/sites", headers={"If-None-Match": got.headers["ETag"]}).status_code == 304
    assert cast.viewer.send("HEAD", "/nowhere").status_code == 404


def test_options_tells_the_methods_and_a_wrong_one_too(cast):
    assert {"GET", "POST", "HEAD", "OPTIONS"} == set(cast.viewer.send("OPTIONS", "/sites").headers["Allow"].split(", "))
    refused = cast.viewer.delete("/sites")
    assert (refused.status_code, refused.json["error"]) == (405, "method_not_allowed")
    assert "POST" in refused.headers["Allow"]


@pytest.mark.parametrize("status", [400, 401, 404, 405, 415, 422])
def test_problem_json_for_every_kind_of_error(cast, client, status):
    headers = {"Accept": "application/problem+json"}
    answer = {
        400: lambda: cast.root.send("POST", "/sites", headers=headers, data="{", content_type="application/json"),
        401: lambda: client.get("/sites", headers),
        404: lambda: cast.root.get("/nowhere", headers),
        405: lambda: cast.root.send("DELETE", "/sites", headers=headers),
        415: lambda: cast.root.send("POST", "/sites", headers=headers, data="a", content_type="text/csv"),
        422: lambda: cast.root.get("/sites", headers, colour="red"),
    }[status]()
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("tags", ['"other", {}', "W/{}", "*"])
def test_not_modified_by_one_of_several_tags_a_weak_one_or_any(cast, tags):
    tag = cast.viewer.get("/sites").headers["ETag"]
    assert cast.viewer.get("/sites", {"If-None-Match": tags.replace("{}", tag)}).status_code == 304


def test_a_change_with_the_right_tag_or_any_is_made(cast):
    path = f"/organizations/{cast.organization.id}"
    tag = cast.admin.get(path).headers["ETag"]
    changed = cast.admin.patch(path, {"description": "a"}, {"If-Match": f'"other", {tag}'})
    assert changed.status_code == 200
    assert changed.headers["ETag"] == cast.admin.get(path).headers["ETag"]
    assert cast.admin.patch(path, {"description": "b"}, {"If-Match": "*"}).status_code == 200
    assert cast.admin.patch(path, {"description": "c"}, {"If-Match": tag}).status_code == 412


def test_a_verb_that_makes_something_else_asks_for_no_state(app, cast):
    """Running a schedule answers with a report: an ETag of the schedule means nothing there, and breaks nothing."""
    body = {"name": "Weekly", "kind": "module_updates", "organization_id": str(cast.organization.id), "parameters": {}, "formats": ["csv"],
            "cron": "0 6 * * 1", "timezone": "UTC", "recipients": ["board@example.com"]}
    made = cast.admin.post("/report-schedules", body)
    assert made.status_code == 201, made.json
    for tag in ("*", '"stale"'):
        ran = cast.admin.post(f"/report-schedules/{made.json['data']['id']}/run", headers={"If-Match": tag})
        assert (ran.status_code, ran.json["data"]["kind"]) == (202, "module_updates")
    refused = cast.admin.patch(f"/report-schedules/{made.json['data']['id']}", {"name": "Later"}, headers={"If-Match": '"stale"'})
    assert refused.status_code == 412
