"""The audit log as a page: who did what, with what was there before."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.accounts.pages import fragment_is_part, heading, text_of, words_of


@pytest.fixture
def site(app, cast):
    """A site that was renamed by its admin."""
    with factories.writing(app):
        made = factories.site(cast.organization, name="Old <b>name</b>")
    assert cast.admin.patch(f"/sites/{made.id}", {"name": "New <b>name</b>"}).status_code == 200
    return made


def test_it_shows_who_changed_what_and_what_was_there_before(cast, site):
    page = cast.admin.browser().get("/audit-log")
    words = words_of(page)
    assert heading(page) == "Audit log"
    assert "admin@meridian.example" in words
    assert "before: Old <b>name</b>" in words
    assert "after: New <b>name</b>" in words
    assert "<b>name" not in text_of(page)
    assert f'href="/sites/{site.id}">New &lt;b&gt;name&lt;/b&gt;</a>' in text_of(page)


@pytest.mark.parametrize("who", ["member", "viewer"])
def test_it_is_for_admins(cast, who):
    assert getattr(cast, who).browser().get("/audit-log").status_code == 403


def test_each_organization_has_its_own(cast, site):
    assert "New <b>name</b>" not in words_of(cast.stranger.browser().get("/audit-log"))
    assert "New <b>name</b>" in words_of(cast.root.browser().get("/audit-log"))
    assert cast.stranger.browser().get("/audit-log", organization_id=str(cast.organization.id)).status_code == 403


def test_it_is_filtered_like_its_twin(cast, site):
    browser = cast.admin.browser()
    browser.post("/profile", {"full_name": "An Admin", "email": "admin@meridian.example"})
    cast.admin.put(f"/organizations/{cast.organization.id}", {"description": "Ours."})
    for filters in ({"resource_type": "site"}, {"action": "organization.changed"}, {"actor_id": cast.admin.id}, {"status": "failure"},
                    {"q": "site"}, {"from": "2020-01-01", "to": "2020-01-02"}, {"resource_id": str(site.id)}):
        rows = cast.admin.get("/audit-logs", **filters).json["meta"]["total"]
        assert f"of {rows}" in words_of(browser.get("/audit-log", **filters)) or rows == 0, filters
    assert "No entry matches these 2 filters" in words_of(browser.get("/audit-log", **{"from": "2020-01-01", "to": "2020-01-02"}))
    assert browser.get("/audit-log", **{"from": "yesterday"}).status_code == 422
    fragment_is_part(browser, "/audit-log?resource_type=site")


def test_the_menus_offer_what_is_there(cast, site):
    text = text_of(cast.admin.browser().get("/audit-log"))
    assert 'href="/audit-log?action=site.changed"' in text
    assert f'href="/audit-log?actor_id={cast.admin.id}"' in text
    assert "action=user.created" not in text


def test_it_is_paged_and_turned_around(cast, site):
    for number in range(3):
        cast.admin.patch(f"/sites/{site.id}", {"description": f"the {number}"})
    browser = cast.admin.browser()
    assert "1 to 2 of" in words_of(browser.get("/audit-log", per_page=2))
    newest, oldest = (words_of(browser.get("/audit-log", sort=sort, resource_id=str(site.id))) for sort in ("-at", "at"))
    assert newest.index("the 2") < newest.index("the 0")
    assert oldest.index("the 0") < oldest.index("the 2")


def test_the_export_is_kept_to_the_filters_and_the_chosen_organization(cast, site):
    browser = cast.root.browser()
    browser.post("/organizations/current", {"organization_id": str(cast.organization.id)})
    page = text_of(browser.get("/audit-log", resource_type="site"))
    link = re.search(r'href="(/api/v1/audit-logs\?[^"]*format=csv[^"]*)"', page).group(1)
    assert f"organization_id={cast.organization.id}" in link
    lines = browser.client.get(link.replace("&amp;", "&")).get_data(as_text=True).splitlines()
    assert len(lines) == 2
    assert "site.changed" in lines[1]


def test_nothing_leads_to_what_is_gone(cast, site):
    browser = cast.admin.browser()
    cast.admin.delete(f"/sites/{site.id}")
    cast.admin.delete(f"/organizations/{cast.organization.id}/members/{cast.viewer.id}")
    text = text_of(browser.get("/audit-log"))
    assert "New &lt;b&gt;name" in text
    links = set(re.findall(r'href="(/(?:sites|members|organizations|api-keys)/[0-9a-f-]{36})"', text))
    assert f"/sites/{site.id}" not in links
    assert {browser.get(link).status_code for link in links} <= {200}


def test_a_failed_sign_in_is_there_for_superusers(cast, app):
    from tests.cast import Browser

    Browser(app).sign_in("member@meridian.example", "wrong-password")
    page = cast.root.browser().get("/audit-log", status="failure")
    assert "Sign-in failed" in words_of(page)
    assert "wrong-password" not in text_of(page)
