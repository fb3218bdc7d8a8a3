"""The root, the OpenAPI document as it is served, and the pages that show it."""

from __future__ import annotations

import re

import pytest

FOREIGN = re.compile(r"(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE)


def test_programs_are_told_what_this_is(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.json == {
        "service": "patchboard",
        "version": client.app.config["VERSION"],
        "status": answer.json["status"],
        "docs": "/docs",
        "health": "/health",
    }
    assert answer.json["status"] in ("healthy", "degraded", "unhealthy")
    assert "Accept" in answer.headers["Vary"]
    assert client.get("/", {"Accept": "*/*"}).json["service"] == "patchboard"


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"])
def test_browsers_are_sent_to_the_overview(client, accept):
    answer = client.get("/", {"Accept": accept})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/overview")
    assert "Accept" in answer.headers["Vary"]


def test_the_document_is_served_once_and_then_known(client):
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["openapi"].startswith("3.1")
    again = client.get("/openapi.json", {"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_its_pages_load_nothing_from_elsewhere_and_run_no_inline_script(client, path):
    answer = client.get(path, {"Accept": "text/html"})
    text = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert not FOREIGN.search(text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\sstyle=|\son\w+=", text)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert "unsafe-inline" not in policy["script-src"]
    assert policy["frame-ancestors"] == "'none'"
    assert ("unsafe-inline" in policy["style-src"]) is (path == "/redoc")


def test_other_pages_keep_the_strict_policy(client):
    policy = client.get("/nowhere", {"Accept": "text/html"}).headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "worker-src" not in policy


def test_no_limit_strikes_here(app, client, monkeypatch):
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    monkeypatch.setitem(app.config, "LIMIT_ANONYMOUS", "1/hour")
    paths = ("/health", "/health/live", "/health/ready", "/openapi.json", "/docs", "/")
    assert {client.get(path).status_code for path in paths * 3} == {200}
    assert 429 in [client.get("/sites").status_code for _ in range(4)]
