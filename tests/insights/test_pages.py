"""Pages of repositories, developers and webhooks: what they show to whom, and what their forms do."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.accounts.pages import errors_of, fragment_is_part, heading, navigation, text_of, words_of
from tests.insights.facts import a_commit, a_pull_request, a_review, repository
from tests.insights.hooks import an_endpoint, deliveries, github, push, pushed, work


@pytest.fixture
def ours(cast):
    made = repository(cast, "City website")
    cast.member.post(f"/repositories/{made['id']}/commits", {"items": [a_commit("one", message="Mend the pool\n\nat last"),
                                                                       a_commit("two", "one", author_email="lee@example.com", author_name="Lee")]})
    cast.member.post(f"/repositories/{made['id']}/pull-requests", a_pull_request(7, title="Raise webform", reviews=[a_review()]))
    return f"/repositories/{made['id']}"


def of(cast, name):
    return next(row for row in cast.admin.get("/developers").json["data"] if row["name"] == name)["id"]


def test_a_repository_is_registered_changed_deleted_and_restored(cast):
    browser = cast.admin.browser()
    value = {"name": "Web", "url": "git@github.com:acme/web.git", "organization_id": str(cast.organization.id), "default_branch": "main", "language": "PHP"}
    wrong = browser.post("/repositories/new", {**value, "url": "ftp://x"})
    assert (wrong.status_code, "url" in errors_of(wrong)) == (422, True)
    path = browser.post("/repositories/new", value).headers["Location"]
    assert heading(browser.get(path)) == "Web"
    assert browser.post(f"{path}/edit", {**value, "name": "Website", "language": ""}).status_code == 303
    made = cast.admin.get("/repositories").json["data"][0]
    assert (made["name"], made["language"], made["url"]) == ("Website", None, "https://github.com/acme/web")
    browser.post(f"{path}/delete")
    assert "Restored, all is there again" in words_of(browser.get(path))
    assert browser.post(f"{path}/restore").status_code == 303
    assert "No commit is known" in words_of(browser.get(path))


def test_the_page_of_a_repository_shows_what_came_last_and_leads_to_all_of_it(app, cast, ours):
    with factories.writing(app):
        site = factories.site(cast.organization)
    cast.member.patch(f"/sites/{site.id}", {"repository_id": ours.rpartition("/")[2]})
    browser = cast.viewer.browser()
    words = words_of(browser.get(ours))
    assert ("Mend the pool" in words, "at last" in words, "Raise webform" in words, "Edit" in words) == (True, False, True, False)
    assert f'href="/sites?repository_id={ours.rpartition("/")[2]}"' in text_of(browser.get(ours))
    assert "City website" in words_of(browser.get(f"/sites/{site.id}"))
    fragment_is_part(browser, f"{ours}/commits?q=pool")
    fragment_is_part(browser, f"{ours}/pull-requests?state=open")
    fragment_is_part(browser, "/repositories?q=city")
    assert "Mend the pool" not in words_of(browser.get(f"{ours}/commits", developer_id=of(cast, "Lee")))
    assert cast.stranger.browser().get(ours).status_code == 404


def test_a_site_says_in_its_form_what_it_comes_from(app, cast, ours):
    with factories.writing(app):
        site = factories.site(cast.organization)
    browser, key = cast.member.browser(), ours.rpartition("/")[2]
    assert f'value="{key}"' in text_of(browser.get(f"/sites/{site.id}/edit"))
    value = {"organization_id": str(cast.organization.id), "name": site.name, "url": site.url, "environment": "production",
             "criticality": "normal", "report_interval_minutes": "1440", "repository_id": key}
    assert browser.post(f"/sites/{site.id}/edit", value).status_code == 303
    assert cast.viewer.get(f"/sites/{site.id}").json["data"]["repository_id"] == key
    browser.post(f"/sites/{site.id}/edit", {**value, "repository_id": ""})
    assert cast.viewer.get(f"/sites/{site.id}").json["data"]["repository_id"] is None


def test_a_developers_page_shows_numbers_to_whom_the_organization_says(cast, ours):
    path = f"/developers/{of(cast, 'Dana')}"
    hidden = words_of(cast.viewer.browser().get(path))
    assert ("is not shown to you" in hidden, "Last 30 days" in hidden, "dana@example.com" in hidden) == (True, False, False)
    cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"developer_metrics": "members"}})
    shown = words_of(cast.viewer.browser().get(path))
    assert ("Last 30 days" in shown, "Mend the pool" in shown, "That you look at this is noted" in shown) == (True, True, True)
    fragment_is_part(cast.viewer.browser(), f"{path}?kind=commit")
    assert "viewer@meridian.example" in words_of(cast.admin.browser().get(path))
    assert words_of(cast.viewer.browser().get("/developers")).index("Dana") < words_of(cast.viewer.browser().get("/developers")).index("Lee")
    assert cast.stranger.browser().get(path).status_code == 404


def test_an_admin_makes_two_developers_one_and_two_again(cast, ours):
    browser, dana, lee = cast.admin.browser(), of(cast, "Dana"), of(cast, "Lee")
    assert "into_id" in errors_of(browser.post(f"/developers/{lee}/merge", {"into_id": ""}))
    assert browser.post(f"/developers/{lee}/merge", {"into_id": dana}).headers["Location"] == f"/developers/{dana}"
    assert f'action="/developers/{lee}/unmerge"' in text_of(browser.get(f"/developers/{dana}/edit"))
    assert browser.post(f"/developers/{lee}/unmerge").status_code == 303
    assert cast.admin.get("/developers").json["meta"]["total"] == 2
    browser.post(f"/developers/{lee}/edit", {"name": "Lee Wong", "user_id": cast.member.id})
    assert cast.member.get(f"/developers/{lee}").json["data"]["visibility"] == "own"
    assert cast.member.browser().get(f"/developers/{lee}/edit").status_code == 403


def test_a_webhooks_secret_is_shown_once_and_its_deliveries_are_read_again(app, cast):
    browser = cast.admin.browser()
    made = browser.post("/webhook-endpoints/new", {"organization_id": str(cast.organization.id), "provider": "gitlab", "name": ""})
    assert (made.status_code, heading(made)) == (200, "GitLab is made")
    secret = re.search(r"<pre[^>]*>(pbwh_[^<]+)</pre>", text_of(made)).group(1)
    hook = an_endpoint(cast)
    path = f"/webhook-endpoints/{hook['id']}"
    github(app, hook, "push", push(pushed("5" * 40)))
    work(app)
    assert secret not in text_of(browser.get("/webhook-endpoints"))
    assert "No repository with this address" in words_of(browser.get(path))
    fragment_is_part(browser, f"{path}?state=ignored")
    delivery = f"{path}/deliveries/{deliveries(cast, hook)[0]['id']}"
    assert "refs/heads/main" in words_of(browser.get(delivery))
    repository(cast, url="https://github.com/acme/web")
    assert browser.post(f"{delivery}/replay").headers["Location"] == delivery
    work(app)
    assert "1 of 1 commits are new." in words_of(browser.get(delivery))
    refused = browser.post(f"{path}/rotate", {"overlap_hours": "-1"})
    assert (refused.status_code, "overlap_hours" in errors_of(refused)) == (422, True)
    fresh = browser.post(f"{path}/rotate", {"overlap_hours": "1"})
    assert (heading(fresh), hook["secret"] in text_of(fresh)) == ("City has a new secret", False)
    browser.post(f"{path}/delete")
    assert browser.get(path).status_code == 404
    assert browser.post(f"{path}/restore").status_code == 303
    for person in (cast.member, cast.viewer):
        assert person.browser().get("/webhook-endpoints").status_code == 403


def test_the_navigation_leads_there(cast):
    assert {"/repositories", "/developers", "/webhook-endpoints"} <= set(navigation(cast.admin.browser().get("/overview")))
    assert "/webhook-endpoints" not in navigation(cast.viewer.browser().get("/overview"))
