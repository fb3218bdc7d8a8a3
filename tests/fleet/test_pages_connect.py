"""How a site reports: a key that is shown once, lines to copy, and the first report as it arrives."""

import os
import re
import shutil
import subprocess

import pytest

from tests import factories
from tests.accounts.pages import said, text_of, words_of
from tests.cast import Caller
from tests.fleet.pages import fleet
from webapp.fleet.pages.connecting import ways_to_report

KEY = re.compile(r"pb_[A-Za-z0-9_-]{20,}")


def site_of(cast):
    with factories.writing(cast.app):
        return factories.site(cast.organization, name="Zoo")


def secret_of(answer):
    return KEY.findall(text_of(answer).split("data-secret", 1)[-1])[0]


def test_an_admin_makes_a_key_that_is_shown_once_and_works(cast):
    site = site_of(cast)
    browser = cast.admin.browser()
    here = f"/sites/{site.id}/connect"
    assert "Make key" in words_of(browser.get(here))
    answer = browser.post(here)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    secret = secret_of(answer)
    assert secret not in text_of(browser.get(here))
    assert secret[:10] in text_of(browser.get(here))
    agent = Caller(cast.app, {"X-API-Key": secret})
    assert agent.post("/ingest", {"modules": [{"name": "webform", "version": "6.2.9"}]}).status_code == 200
    assert agent.get("/sites").status_code == 403
    assert cast.admin.get("/audit-logs", action="api_key.created").json["meta"]["total"] == 1


def test_members_are_told_who_makes_it_and_make_none(cast):
    site = site_of(cast)
    browser = cast.member.browser()
    words = words_of(browser.get(f"/sites/{site.id}/connect"))
    assert "An admin of Meridian makes it here" in words
    assert "Make key" not in words
    assert "Keys of this site" not in words
    assert browser.post(f"/sites/{site.id}/connect").status_code == 403
    assert cast.stranger.browser().post(f"/sites/{site.id}/connect").status_code == 404


def test_the_lines_have_the_address_that_the_browser_came_to(cast):
    text = text_of(cast.viewer.browser().get(f"/sites/{site_of(cast).id}/connect"))
    assert text.count("http://localhost/api/v1/ingest") == 4
    assert text.count("http://localhost/clients/") == 2
    assert "--data-binary @composer.lock" in text
    assert "drush pm:list --format=json | curl" in text
    assert "./report.sh -u http://localhost -k" in text
    assert "drush config:set patchboard.settings url http://localhost" in text


def test_the_lines_have_the_address_that_is_set(cast, monkeypatch):
    monkeypatch.setitem(cast.app.config, "PUBLIC_URL", "https://patchboard.example.org")
    text = text_of(cast.viewer.browser().get(f"/sites/{site_of(cast).id}/connect"))
    assert text.count("https://patchboard.example.org/api/v1/ingest") == 4
    assert "POST\\n/api/v1/ingest\\n" in text
    assert "http://localhost/api" not in text


def test_a_path_before_the_api_is_signed_too(cast, monkeypatch):
    monkeypatch.setitem(cast.app.config, "PUBLIC_URL", "https://example.org/patchboard")
    assert "POST\\n/patchboard/api/v1/ingest\\n" in text_of(cast.viewer.browser().get(f"/sites/{site_of(cast).id}/connect"))


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("bash")), reason="there is no openssl or no shell")
def test_the_signed_line_signs(cast, tmp_path):
    site, body = site_of(cast), '{"modules": [{"name": "webform", "version": "6.2.9"}]}'
    secret = secret_of(cast.admin.browser().post(f"/sites/{site.id}/connect"))
    line = ways_to_report("http://localhost", site)[-1]["lines"][0]["text"]
    (tmp_path / "composer.lock").write_text(body)
    (tmp_path / "curl").write_text('#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = -H ] && echo "$2"; shift; done\n')
    (tmp_path / "curl").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PB_KEY": secret}
    done = subprocess.run(["bash", "-eu", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    headers = dict(each.split(": ", 1) for each in done.stdout.splitlines())
    assert secret not in done.stdout
    answer = Caller(cast.app, headers).send("POST", "/ingest", data=body.encode(), content_type="application/json")
    assert answer.status_code == 200, answer.json


def test_admins_say_that_only_signed_reports_are_taken(cast):
    site = site_of(cast)
    browser, here = cast.admin.browser(), f"/sites/{site.id}/signed"
    assert "One line of Drush" in words_of(browser.get(f"/sites/{site.id}/connect"))
    assert cast.member.browser().post(here, {"require_signed_reports": "true"}).status_code == 403
    assert cast.stranger.browser().post(here, {"require_signed_reports": "true"}).status_code == 404
    assert said(browser, browser.post(here, {"require_signed_reports": "true"})) == "Only signed reports are taken now."
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["require_signed_reports"] is True
    words = words_of(browser.get(f"/sites/{site.id}/connect"))
    assert "Signed reports only Yes" in words
    assert "One line of Drush" not in words
    assert "Take signed reports only" not in words_of(cast.member.browser().get(f"/sites/{site.id}/connect"))
    browser.post(here, {"require_signed_reports": "false"})
    assert cast.admin.get(f"/sites/{site.id}").json["data"]["require_signed_reports"] is False
    assert cast.admin.get("/audit-logs", action="site.changed").json["meta"]["total"] == 2


def test_the_first_report_arrives_live(cast):
    site = site_of(cast)
    browser = cast.viewer.browser()
    here = f"/sites/{site.id}/connect"
    waiting = text_of(browser.get(here, htmx=True))
    assert "Waiting for the first report…" in waiting
    assert "<html" not in waiting
    assert f'hx-get="{here}" hx-trigger="live" data-asks="site:{site.id}" data-every="3"' in waiting
    assert waiting.strip() in text_of(browser.get(here))
    with factories.writing(cast.app):
        factories.reported(site, {"webform": factories.module("webform", "6.2.7", "6.2.9", True)})
    arrived = text_of(browser.get(here, htmx=True))
    assert "First report received" in arrived
    assert "hx-trigger" not in arrived
    assert f'href="/sites/{site.id}?needs=security"' in arrived


def test_a_first_report_that_was_refused_says_why(cast):
    site = site_of(cast)
    refused = cast.key(site=site).post("/ingest", {"modules": [{"name": "no name", "version": "1"}]})
    text = text_of(cast.viewer.browser().get(f"/sites/{site.id}/connect", htmx=True))
    assert "Waiting for the first report" in text
    assert refused.json["message"] in text


def test_a_key_is_revoked_beside_its_site_alone(cast):
    sites = fleet(cast)
    site, other = sites["ok"], sites["outdated"]
    browser = cast.admin.browser()
    secret = secret_of(browser.post(f"/sites/{site.id}/connect"))
    key = cast.admin.get("/api-keys", site_id=str(site.id)).json["data"][0]
    assert browser.post(f"/sites/{other.id}/keys/{key['id']}/revoke").status_code == 404
    assert cast.member.browser().post(f"/sites/{site.id}/keys/{key['id']}/revoke").status_code == 403
    answer = browser.post(f"/sites/{site.id}/keys/{key['id']}/revoke")
    assert said(browser, answer) == f"The key {key['prefix']}… is revoked."
    assert Caller(cast.app, {"X-API-Key": secret}).post("/ingest", {"modules": []}).status_code == 401


def test_last_use_of_a_key_is_shown(cast):
    site = site_of(cast)
    browser = cast.admin.browser()
    secret = secret_of(browser.post(f"/sites/{site.id}/connect"))
    assert "never" in words_of(browser.get(f"/sites/{site.id}/connect")).split("Keys of this site", 1)[1]
    Caller(cast.app, {"X-API-Key": secret}).post("/ingest", {"modules": [{"name": "webform", "version": "6.2.9"}]})
    assert re.search(r"just now|\d+ s ago", words_of(browser.get(f"/sites/{site.id}/connect")).split("Keys of this site", 1)[1])
