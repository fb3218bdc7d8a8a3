"""API keys as pages: the list, a secret shown once, rotation, revoking and bringing back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests import factories
from tests.accounts.pages import errors_of, fragment_is_part, heading, said, text_of, value_of, words_of
from tests.cast import Caller
from webapp.kit.clock import now


def asked(cast, **changes):
    return {"name": "Deploy bot", "organization_id": str(cast.organization.id), "site": "", "scopes": ["read", "write"],
            "expires_at": "", "allowed_ips": "", **changes}


def secret_of(answer):
    return re.search(r"<pre[^>]*>(pb_[^<]+)</pre>", text_of(answer)).group(1)


def made(cast, **changes):
    """A new key: its secret, and the address of its page."""
    secret = secret_of(cast.admin.browser().post("/api-keys/new", asked(cast, **changes)))
    key = next(each for each in cast.admin.get("/api-keys").json["data"] if secret.startswith(each["prefix"]))
    return secret, f"/api-keys/{key['id']}"


def caller(app, secret):
    return Caller(app, {"X-API-Key": secret})


def test_a_key_of_the_organization_is_made_and_shown_once(cast, app):
    browser = cast.admin.browser()
    day = (now() + timedelta(days=30)).date()
    answer = browser.post("/api-keys/new", asked(cast, expires_at=day.isoformat(), allowed_ips="127.0.0.0/8, 192.0.2.7"))
    assert (answer.status_code, heading(answer)) == (200, "Deploy bot is made")
    assert "I have stored it" in words_of(answer)
    secret = secret_of(answer)
    assert caller(app, secret).get("/sites").status_code == 200
    page = browser.get("/api-keys")
    assert "Deploy bot" in words_of(page)
    assert "Read, Write" in words_of(page)
    assert "All of Meridian" in words_of(page)
    assert secret not in text_of(page)
    key = cast.admin.get("/api-keys").json["data"][0]
    assert key["allowed_ips"] == ["127.0.0.0/8", "192.0.2.7/32"]
    assert key["expires_at"] == f"{day + timedelta(days=1)}T00:00:00Z", "the last day is a whole day"


@pytest.mark.parametrize("words", ["Admissions", "admissions", "https://admissions.example", "admissions.example/"])
def test_a_key_of_one_site_is_found_by_its_name_or_address(cast, app, words):
    with factories.writing(app):
        site = factories.site(cast.organization, name="Admissions", url="https://admissions.example")
    secret, _ = made(cast, site=words, scopes=["ingest"])
    assert caller(app, secret).post("/ingest", {"modules": [{"name": "webform", "version": "6.2.7"}]}).status_code == 200
    assert cast.admin.get("/api-keys").json["data"][0]["site_id"] == str(site.id)
    assert f'href="/sites/{site.id}">Admissions</a>' in text_of(cast.admin.browser().get("/api-keys"))


def test_a_site_that_is_none_or_several_is_said(cast, app):
    with factories.writing(app):
        factories.site(cast.organization, name="Twin")
        factories.site(cast.organization, name="Twin")
        factories.site(cast.elsewhere, name="Theirs")
    browser = cast.admin.browser()
    said_of = {words: errors_of(browser.post("/api-keys/new", asked(cast, site=words)))["site"] for words in ("Nowhere", "Twin", "Theirs")}
    assert said_of == {"Nowhere": "There is no site of this name or address in the organization.",
                       "Twin": "Several sites have this name. Give the address instead.",
                       "Theirs": "There is no site of this name or address in the organization."}
    assert "Twin" in text_of(browser.get("/api-keys/new"))
    assert "Theirs" not in text_of(browser.get("/api-keys/new"))


def test_errors_stand_at_their_fields_and_what_was_typed_stays(cast):
    browser = cast.admin.browser()
    answer = browser.post("/api-keys/new", asked(cast, name="", scopes=[], allowed_ips="here", expires_at="2020-01-01"))
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {"name", "scopes", "allowed_ips"}
    assert (value_of(answer, "allowed_ips"), value_of(answer, "expires_at")) == ("here", "2020-01-01")
    past = browser.post("/api-keys/new", asked(cast, expires_at="2020-01-01"))
    assert errors_of(past) == {"expires_at": "This lies in the past."}
    assert cast.admin.get("/api-keys").json["meta"]["total"] == 0


def test_the_list_is_filtered_sorted_and_escaped(cast):
    browser = cast.admin.browser()
    assert "No key yet" in words_of(browser.get("/api-keys"))
    made(cast, name="<u>One</u>", scopes=["ingest"])
    made(cast, name="Two", scopes=["read"])
    page = browser.get("/api-keys")
    assert "&lt;u&gt;One" in text_of(page)
    assert "<u>One" not in text_of(page)
    assert "Two" not in words_of(browser.get("/api-keys", scope="ingest"))
    assert "One" not in words_of(browser.get("/api-keys", q="tw"))
    text = text_of(browser.get("/api-keys", sort="-name"))
    assert text.index(">Two</a>") < text.index("&lt;u&gt;One")
    fragment_is_part(browser, "/api-keys?scope=ingest")


def test_a_key_is_rotated_and_the_old_one_works_on_for_a_while(cast, app):
    secret, home = made(cast)
    browser = cast.admin.browser()
    answer = browser.post(f"{home}/rotate", {"overlap_hours": "2"})
    assert heading(answer) == "Deploy bot has a new secret"
    fresh = secret_of(answer)
    assert fresh != secret
    assert [caller(app, each).get("/sites").status_code for each in (secret, fresh)] == [200, 200]
    browser.post(f"/api-keys/{cast.admin.get('/api-keys').json['data'][0]['id']}/rotate", {"overlap_hours": "0"})
    assert [caller(app, each).get("/sites").status_code for each in (secret, fresh)] == [200, 401]
    wrong = browser.post(f"{home}/rotate", {"overlap_hours": "many"})
    assert wrong.status_code == 422
    assert set(errors_of(wrong)) == {"overlap_hours"}


def test_a_key_is_revoked_and_brought_back(cast, app):
    secret, home = made(cast)
    browser = cast.admin.browser()
    assert said(browser, browser.post(f"{home}/revoke")) == "Deploy bot is revoked."
    assert caller(app, secret).get("/sites").status_code == 401
    assert "Deploy bot" not in words_of(browser.get("/api-keys"))
    assert "Revoked" in words_of(browser.get("/api-keys", include_deleted="true"))
    assert "Restore key" in words_of(browser.get(home))
    assert said(browser, browser.post(f"{home}/restore")) == "Deploy bot works again."
    assert caller(app, secret).get("/sites").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("member", 403), ("viewer", 403), ("stranger", 404)])
def test_keys_are_for_admins_of_the_organization(cast, who, status):
    _, home = made(cast)
    browser = getattr(cast, who).browser()
    assert browser.get(home).status_code == status
    for verb in ("rotate", "revoke", "restore"):
        assert browser.post(f"{home}/{verb}", {"overlap_hours": "1"}).status_code == status
    assert browser.post("/api-keys/new", asked(cast)).status_code == status
    if who != "stranger":
        assert browser.get("/api-keys").status_code == 403
    else:
        assert "Deploy bot" not in words_of(browser.get("/api-keys"))


def test_every_change_takes_the_token_of_the_form(cast):
    _, home = made(cast)
    browser = cast.admin.browser()
    for path in ("/api-keys/new", f"{home}/rotate", f"{home}/revoke", f"{home}/restore"):
        assert browser.post(path, asked(cast), token=False).status_code == 403
