"""The shell: navigation by permission, the organization switch, errors, static files, and what it costs."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.accounts.pages import heading, navigation, text_of, words_of
from tests.cast import Browser
from tests.statements import listed
from webapp.kit.db import db

WORK = ["/overview", "/sites", "/advisories", "/exposures", "/patch-runs", "/tasks?mine=true&amp;open=true", "/modules", "/ends", "/reports",
        "/uploads", "/wednesday",
        "/insights", "/repositories", "/deployments", "/incidents", "/sprints", "/developers"]
OPERATE = ["/admin", "/admin/jobs", "/admin/feeds", "/admin/api-usage"]


def statements_of(app, send):
    with listed(app) as seen:
        send().get_data()
    return [each for each in seen if "set_config" not in each]


def test_the_navigation_shows_what_one_may_open(cast):
    home = f"/organizations/{cast.organization.id}"
    manage = ["/members", "/teams", "/api-keys", "/webhook-endpoints", "/notification-rules", home, "/audit-log"]
    assert navigation(cast.viewer.browser().get("/more")) == [*WORK, "/teams"]
    assert navigation(cast.member.browser().get("/more")) == [*WORK, "/teams", "/notification-rules"]
    assert navigation(cast.admin.browser().get("/more")) == [*WORK, *manage]
    assert navigation(cast.root.browser().get("/more")) == [
        *WORK, "/members", "/teams", "/api-keys", "/webhook-endpoints", "/notification-rules", "/organizations", "/audit-log", *OPERATE]


def test_the_navigation_is_about_the_chosen_organization(app, cast):
    with factories.writing(app):
        from webapp.accounts.models import Membership
        from webapp.kit.clock import now

        db.session.add(Membership(organization_id=cast.elsewhere.id, user_id=cast.admin.id, role="viewer", created_at=now()))
        factories.site(cast.organization), factories.site(cast.elsewhere), factories.site(cast.elsewhere)
    browser = cast.admin.browser()
    assert "/members" in navigation(browser.get("/more"))
    assert re.search(r'href="/sites".*?<span class="n"[^>]*>3</span>', text_of(browser.get("/more")))
    chosen = browser.post("/organizations/current", {"organization_id": str(cast.elsewhere.id), "next": "/more"})
    assert chosen.headers["Location"] == "/more"
    page = browser.get("/more")
    assert "/members" not in navigation(page)
    assert "you are viewer" in text_of(page)
    assert re.search(r'href="/sites".*?<span class="n"[^>]*>2</span>', text_of(page))
    assert browser.get("/members").status_code == 403
    for all_of_them in ("", "all"):
        browser.post("/organizations/current", {"organization_id": all_of_them})
        assert "/members" in navigation(browser.get("/more"))


@pytest.mark.parametrize("given", ["nonsense", "01890000-0000-7000-8000-000000000000"])
def test_what_does_not_exist_cannot_be_chosen(cast, given):
    assert cast.admin.browser().post("/organizations/current", {"organization_id": given}).status_code == 404


def test_another_organization_cannot_be_chosen(cast):
    browser = cast.admin.browser()
    assert browser.post("/organizations/current", {"organization_id": str(cast.elsewhere.id)}).status_code == 404
    assert browser.post("/organizations/current", {"organization_id": str(cast.organization.id)}, token=False).status_code == 403


def test_a_choice_that_is_no_longer_ones_own_counts_for_nothing(app, cast):
    browser = cast.member.browser()
    browser.post("/organizations/current", {"organization_id": str(cast.organization.id)})
    cast.admin.delete(f"/organizations/{cast.organization.id}/members/{cast.member.id}")
    assert "No organization" in text_of(browser.get("/more"))


def test_the_foot_says_how_many_sites_report(app, cast):
    assert "none yet" in text_of(cast.viewer.browser().get("/more"))
    with factories.writing(app):
        for silent_after in (factories.ago(days=-1), factories.ago(days=1), None):
            reported = None if silent_after is None else factories.ago(hours=30)
            factories.site(cast.organization, last_report_at=reported, silent_after=silent_after)
        factories.site(cast.elsewhere)
    assert "Sites reporting 1 of 3 Newest report 30 h ago" in words_of(cast.viewer.browser().get("/more"))
    assert "Advisory feed" not in text_of(cast.viewer.browser().get("/more"))


def test_the_shell_costs_two_statements_and_a_fragment_none(app, cast):
    browser = cast.root.browser()
    browser.get("/organizations")
    whole, part = (statements_of(app, lambda htmx=htmx: browser.get("/organizations", htmx=htmx)) for htmx in (False, True))
    assert len(whole) - len(part) == 2


def test_errors_stand_in_the_shell_for_whoever_is_signed_in(cast, app):
    inside, outside = cast.viewer.browser().get("/no-such-page"), Browser(app).get("/no-such-page")
    assert (inside.status_code, outside.status_code) == (404, 404)
    assert heading(inside) == heading(outside) == "Not found"
    assert navigation(inside) == [*WORK, "/teams"]
    assert navigation(outside) == []
    refused = cast.viewer.browser().get("/members")
    assert (refused.status_code, heading(refused)) == (403, "Not for you")
    assert refused.headers["X-Request-ID"] in text_of(refused)


def test_an_error_page_needs_no_database(cast, app, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def down(*_, **__):
        raise OperationalError("SELECT", {}, Exception("down"))

    browser = cast.admin.browser()
    monkeypatch.setattr("webapp.accounts.identity.person_of_sign_in", down)
    answer = browser.get("/profile")
    assert answer.status_code == 503
    assert heading(answer) == "Not available right now"
    assert "OperationalError" not in text_of(answer)


def test_the_theme_is_remembered_and_nothing_else_is_believed(cast):
    browser = cast.viewer.browser()
    assert "data-bs-theme" not in text_of(browser.get("/more"))
    browser.client.set_cookie("theme", "dark")
    assert '<html lang="en" data-bs-theme="dark">' in text_of(browser.get("/more"))
    browser.client.set_cookie("theme", '"><script>')
    assert "data-bs-theme" not in text_of(browser.get("/more"))


def test_static_files_carry_their_version(cast, app):
    text = text_of(cast.viewer.browser().get("/more"))
    path, version = re.search(r'href="/static/(css/tokens\.css)\?v=([0-9a-f]{10})"', text).groups()
    assert app.test_client().get(f"/static/{path}?v={version}").status_code == 200
    with app.test_request_context():
        assert app.jinja_env.globals["static_url"]("css/no-such.css") == "/static/css/no-such.css"


def test_pages_are_kept_by_nobody_on_the_way(cast):
    answer = cast.viewer.browser().get("/more")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "HX-Request" in answer.headers["Vary"]
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy).group(1)
    assert f'nonce="{nonce}"' in text_of(answer)


def test_the_bar_of_narrow_screens_has_five_and_says_where_one_is(cast):
    bar = re.search(r'<nav class="pb-tabbar".*?</nav>', text_of(cast.viewer.browser().get("/more")), re.DOTALL).group()
    assert re.findall(r'<a href="([^"]+)"', bar) == ["/overview", "/sites", "/exposures", "/reports", "/more"]
    assert re.findall(r'href="([^"]+)" aria-current="page"', bar) == ["/more"]


def test_a_superuser_of_many_still_finds_the_chosen_one(app, cast, monkeypatch):
    monkeypatch.setattr("webapp.shell.places.MOST", 3)
    with factories.writing(app):
        last = factories.organization(name="Zzz the last")
        for _ in range(5):
            factories.site(factories.organization())
    browser = cast.root.browser()
    browser.post("/organizations/current", {"organization_id": str(last.id)})
    page = text_of(browser.get("/more"))
    assert 'aria-label="Organization: Zzz the last"' in page
    browser.post("/organizations/current", {"organization_id": ""})
    assert re.search(r'href="/sites".*?<span class="n"[^>]*>5</span>', text_of(browser.get("/more"))), "all of them are counted"
