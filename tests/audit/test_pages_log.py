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


def test_it_says_how_far_it_is_sealed_and_when_it_was_verified(app, cast, site):
    from webapp.audit import queries
    from webapp.audit.actions import note_check, seal
    from webapp.kit.clock import now
    from webapp.kit.db import ALL, execute, rollback, unit_of_work
    from webapp.kit.keys import audit_keys

    browser = cast.admin.browser()
    words = words_of(browser.get("/audit-log"))
    assert "Not sealed yet" in words
    assert "Not verified yet" in words
    with app.app_context():
        with unit_of_work(ALL):
            seal(audit_keys()[0])
        found = queries.verify(audit_keys())
        rollback()
        with unit_of_work(ALL):
            note_check(found, now())
    words = words_of(browser.get("/audit-log"))
    assert "Sealed up to" in words
    assert ": whole." in words
    state = cast.admin.get("/audit-logs/chain").json["data"]
    assert (state["head"], state["sealed"], state["findings"]) == (str(found.head), found.head.position, 0)
    assert cast.viewer.get("/audit-logs/chain").status_code == 403
    with app.app_context(), unit_of_work(ALL):
        execute("INSERT INTO audit_checks (id, at, position, hash, unsealed, findings, first_finding)"
                " VALUES (gen_random_uuid(), now(), 1, '', 0, 2, 'position 1: changed')")
    assert "This log is not as it was written" in words_of(browser.get("/audit-log"))
    assert "position 1: changed" not in words_of(browser.get("/audit-log"))
    assert "position 1: changed" in words_of(cast.root.browser().get("/audit-log"))


def test_who_was_refused_is_there_for_the_admins_of_the_organization(cast, site):
    assert cast.viewer.patch(f"/sites/{site.id}", {"name": "Mine"}).status_code == 403
    row = cast.admin.get("/audit-logs", status="failure", action="permission.denied").json["data"][0]
    assert (row["actor"]["id"], row["resource_type"], row["resource_id"]) == (cast.viewer.id, "site", str(site.id))
    assert row["changes"]["route"][1] == "PATCH /api/v1/sites/<uuid:site_id>"
    assert row["changes"]["needs"][1] == "site.edit"
    assert cast.stranger.get("/audit-logs", action="permission.denied").json["meta"]["total"] == 0


def test_a_cursor_costs_the_same_however_deep_it_is(app, cast):
    from sqlalchemy import text

    from webapp.kit.db import ALL, db, enter_scope
    with app.app_context():
        enter_scope(ALL)
        db.session.execute(text("""
            INSERT INTO audit_log (id, at, actor_kind, actor_label, action, resource_type, organization_id, status, changes)
            SELECT gen_random_uuid(), now() - n * interval '1 second', 'system', 'x', 'a.b', 'thing', :place, 'success', '{}'
            FROM generate_series(1, 20000) n"""), {"place": cast.organization.id})
        plan = "\n".join(db.session.execute(text(f"""
            EXPLAIN SELECT * FROM audit_log WHERE organization_id IN ('{cast.organization.id}')
            AND (at, id) < (now() - interval '4 hours', gen_random_uuid()) ORDER BY at DESC, id DESC LIMIT 51""")).scalars())
        db.session.rollback()
    assert "Index Scan Backward" in plan
    assert "Seq Scan on audit_log" not in plan.replace("Seq Scan on audit_log_default", "")
