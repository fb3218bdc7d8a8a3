"""JSON bodies: each field takes its own type and no other, and nothing that comes in is a failure of ours."""

from __future__ import annotations

import pytest

from webapp.kit.web.origins import plain_address

JSON = "application/json"


def change(cast, settings):
    return cast.admin.send("PATCH", f"/organizations/{cast.organization.id}", content_type=JSON,
                           data=b'{"settings": {"sla_days": {"high": ' + settings + b"}}}")


@pytest.mark.parametrize("value", [b"true", b'"5"', b"1.0", b"1.5", b"1e2", b"[1]", b"{}", b"0", b"-1", b"366", b"99999999999999999999",
                                   b"9223372036854775808", b'"NaN"', b"null"])
def test_whole_numbers_are_whole_numbers(cast, value):
    answer = change(cast, value)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "settings.sla_days.high")


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"01", b"1.", b"+1", b"0x1", b"'a'", b"\xff"])
def test_what_is_no_json_is_malformed(cast, value):
    assert change(cast, value).status_code == 400


def test_the_right_number_is_taken(cast):
    assert change(cast, b"5").status_code == 200


@pytest.mark.parametrize("value", [1, 0, "true", "yes", "on", 1.0, [], {}])
def test_a_yes_is_true_and_nothing_that_resembles_it(cast, value):
    answer = cast.root.patch(f"/users/{cast.viewer.id}", {"is_superuser": value})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "is_superuser")


@pytest.mark.parametrize(("body", "status"), [
    (b'{"name": "a", "name": "b"}', 422), (b'{"name": "a", "settings": {"timezone": "UTC", "timezone": "UTC"}}', 422),
    (b"\xef\xbb\xbf{}", 400), (b'{"name": "a\\u0000"}', 422), (b'{"a\\u0000": 1}', 422), (b'{"settings": {"timezone": "UTC\\u0000"}}', 422),
    (b'{"name": "\\udc00"}', 400), (b'{"name": "\xed\xa0\x80"}', 400), (b"[" * 100_000, 400), (b"[" * 1000 + b"]" * 1000, 400),
    (b'{"settings": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}", 400), (b"", 400), (b" ", 400), (b"null", 422), (b'"a"', 422), (b"{} {}", 400),
])
def test_bodies_that_mean_harm(cast, body, status):
    answer = cast.root.send("POST", "/organizations", data=body, content_type=JSON)
    assert answer.status_code == status, answer.json
    assert set(answer.json) == {"status_code", "error", "message", "details", "timestamp", "request_id"}


@pytest.mark.parametrize(("kind", "status"), [
    ("application/json; charset=utf-8", 201), ("application/json;charset=UTF-8", 201), ("application/vnd.api+json", 201),
    ("APPLICATION/JSON", 201), ("application/json; charset=latin-1", 415), ("application/json; charset=utf-16", 415), ("text/json", 415),
    ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=a", 415), ("", 415),
])
def test_kinds_of_content(cast, kind, status):
    assert cast.root.send("POST", "/organizations", data=b'{"name": "Typed"}', content_type=kind).status_code == status


def test_a_field_that_is_there_twice_is_named(cast):
    answer = cast.root.send("POST", "/organizations", data=b'{"name": "a", "name": "b"}', content_type=JSON)
    assert answer.json["details"] == [{"field": "name", "message": "This field is there twice."}]


def test_forms_are_read_into_the_types_of_json(cast):
    browser = cast.admin.browser()
    path = f"/organizations/{cast.organization.id}/edit"
    values = {"name": "Meridian", "settings.timezone": "Europe/Vienna", "settings.sla_days.high": "9"}
    assert browser.post(path, values).status_code == 303
    assert cast.admin.get(f"/organizations/{cast.organization.id}").json["data"]["settings"]["sla_days"]["high"] == 9
    assert browser.post(path, {**values, "settings.sla_days.high": "7.5"}).status_code == 422


@pytest.mark.parametrize(("header", "asked", "status"), [
    ("If-None-Match", '{tag}', 304), ("If-None-Match", "W/{tag}", 304), ("If-None-Match", '"other", {tag}', 304), ("If-None-Match", "*", 304),
    ("If-None-Match", '"other"', 200),
])
def test_if_none_match(cast, header, asked, status):
    path = f"/organizations/{cast.organization.id}"
    tag = cast.admin.get(path).headers["ETag"]
    answer = cast.admin.get(path, headers={header: asked.format(tag=tag)})
    assert answer.status_code == status
    for name in ("ETag", "Cache-Control", "Vary", "X-Request-ID"):
        assert answer.headers.get(name)
    assert answer.headers["ETag"] == tag
    assert status == 200 or (answer.data == b"" and "Content-Type" not in answer.headers)


@pytest.mark.parametrize(("asked", "status"), [("{tag}", 200), ("*", 200), ('"other", {tag}', 200), ("W/{tag}", 412), ('"other"', 412)])
def test_if_match(cast, asked, status):
    path = f"/organizations/{cast.organization.id}"
    tag = cast.admin.get(path).headers["ETag"]
    assert cast.admin.patch(path, {"description": "x"}, headers={"If-Match": asked.format(tag=tag)}).status_code == status


def test_the_own_account_is_not_overwritten_either(cast):
    tag = cast.viewer.get("/auth/me").headers["ETag"]
    assert cast.viewer.patch("/auth/me", {"full_name": "One"}, headers={"If-Match": tag}).status_code == 200
    assert cast.viewer.patch("/auth/me", {"full_name": "Two"}, headers={"If-Match": tag}).status_code == 412


def test_preflight_and_answers_to_other_origins(app, cast, monkeypatch):
    monkeypatch.setitem(app.config, "CORS_ORIGINS", ["https://tool.example"])
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    client = app.test_client()
    asked = {"Origin": "https://tool.example", "Access-Control-Request-Method": "PATCH",
             "Access-Control-Request-Headers": "authorization,content-type,if-match"}
    answer = client.options("/api/v1/organizations", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://tool.example"
    assert {"PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert "If-Match" in answer.headers["Access-Control-Allow-Headers"]
    assert "RateLimit-Limit" not in answer.headers
    assert {"Origin", "Access-Control-Request-Headers"} <= set(answer.vary)
    for origin in ("https://tool.example.evil.com", "http://tool.example", "https://TOOL.example", "null", "https://tool.example:444"):
        assert "Access-Control-Allow-Origin" not in client.options("/api/v1/organizations", headers={**asked, "Origin": origin}).headers
    refused = client.get("/api/v1/sites", headers={"Origin": "https://tool.example"})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "https://tool.example")
    assert "RateLimit-Limit" in refused.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in refused.headers
    monkeypatch.setitem(app.config, "CORS_CREDENTIALS", True)
    assert client.get("/api/v1/sites", headers={"Origin": "https://tool.example"}).headers["Access-Control-Allow-Credentials"] == "true"


def test_only_hosts_of_ours(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "ALLOWED_HOSTS", ["patchboard.example"])
    assert client.get("/organizations", headers={"Host": "evil.example"}).json["error"] == "unknown_host"
    assert client.get("/organizations", headers={"Host": "PatchBoard.example:8000"}).status_code == 401
    assert client.get("/health/live", headers={"Host": "10.0.0.1"}).status_code == 200


@pytest.mark.parametrize(("written", "plain"), [
    ("203.0.113.7", "203.0.113.7"), ("203.0.113.7:5100", "203.0.113.7"), ("[2001:db8::1]:443", "2001:db8::1"), ("::ffff:10.0.0.1", "10.0.0.1"),
    ("fe80::1%eth0", "fe80::1"), ("unknown", ""), ("", ""), ("1.2.3.4, 5.6.7.8", ""), ("_hidden", ""),
])
def test_addresses_as_proxies_write_them(written, plain):
    assert plain_address(written) == plain
