"""Pages of patch runs: the lists, one run with its proof, and recording one with a form."""

import re

import pytest

from tests import factories
from tests.accounts.pages import errors_of, fragment_is_part, heading, said, text_of, words_of
from tests.fleet.pages import links_of, reported, rows_of, tabs_of, total_of
from tests.statements import statements
from webapp.kit.clock import stamp


def site_of(cast, **fields):
    with factories.writing(cast.app):
        site = factories.site(cast.organization, name="Admissions", **fields)
        reported(site, {"webform": ("6.2.7", "6.2.9", True), "token": ("8.x-1.14", "8.x-1.15", False)}, days=3)
    return site


def post_run(cast, site, hours=3, **fields):
    body = {"started_at": stamp(factories.ago(hours=hours)), "finished_at": stamp(factories.ago(hours=hours - 1)), "status": "success",
            "trigger": "manual", "operator": "Dana", "updates": [{"module": "webform", "from_version": "6.2.7", "to_version": "6.2.9"}],
            **fields}
    answer = cast.member.post(f"/sites/{site.id}/patch-run", body)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]["id"]


def form(**fields):
    return {"started_at": f"{factories.ago(hours=3):%Y-%m-%dT%H:%M}", "finished_at": "", "status": "success", "trigger": "manual",
            "operator": "Dana", "updates": "webform 6.2.7 6.2.9 security", "commit_sha": "", "ci_url": "", "notes": "", **fields}


@pytest.mark.parametrize("query", [{}, {"status": "failed"}, {"trigger": "ci,manual"}, {"evidence": "claimed"}, {"module": "token"},
                                   {"q": "dana"}, {"sort": "site"}, {"from": "2020-01-01", "to": "2099-01-01"},
                                   {"security": "true"}], ids=str)
def test_the_lists_are_those_of_the_json_in_the_same_order(cast, query):
    site = site_of(cast)
    post_run(cast, site, 9)
    post_run(cast, site, 5, status="failed", trigger="ci")
    post_run(cast, site, 3, updates=[{"module": "token", "from_version": "8.x-1.14", "to_version": "8.x-1.15", "security": True}])
    browser = cast.viewer.browser()
    for page, twin in (("/patch-runs", "/patch-runs"), (f"/sites/{site.id}/patch-runs", f"/sites/{site.id}/patch-run")):
        rows = [row["id"] for row in cast.viewer.get(twin, **query).json["data"]]
        assert rows_of(browser.get(page, **query), "patch-runs") == rows


@pytest.mark.parametrize("query", [{"status": "great"}, {"evidence": "felt"}, {"module": "No Name"}, {"from": "soon"}])
def test_the_page_refuses_what_the_json_refuses(cast, query):
    answer, page = cast.viewer.get("/patch-runs", **query), cast.viewer.browser().get("/patch-runs", **query)
    assert (answer.status_code, page.status_code) == (422, 422)
    assert answer.json["message"] in words_of(page)


def test_a_run_says_what_proves_it(cast):
    site = site_of(cast)
    run = post_run(cast, site, notes="Evening round", ci_url="https://ci.example.com/1", commit_sha="a" * 40)
    browser = cast.viewer.browser()
    page = browser.get(f"/patch-runs/{run}")
    assert heading(page) == "Patch run on Admissions"
    for words in ("Claimed", "No report has shown these versions yet", "webform", "6.2.7", "6.2.9", "Evening round", "Dana"):
        assert words in words_of(page), words
    assert "https://ci.example.com/1" in links_of(page)
    key = cast.key(site=site)
    key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.9"}, {"name": "token", "version": "8.x-1.14"}]})
    page = browser.get(f"/patch-runs/{run}")
    assert "Proven" in words_of(page)
    assert "A report shows what the run says" in words_of(page)
    proof = next(href for href in links_of(page) if "patch_run_id=" in href)
    assert total_of(browser.get(proof)) == 1


def test_an_inferred_run_says_that_nobody_recorded_it(cast):
    site = site_of(cast)
    answer = cast.key(site=site).post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.9"},
                                                                               {"name": "token", "version": "8.x-1.14"}]})
    page = cast.viewer.browser().get(f"/patch-runs/{answer.json['data']['patch_run_id']}")
    assert "Seen in a report: versions had changed, and no run was recorded." in words_of(page)


def test_strangers_find_neither_run_nor_form(cast):
    site = site_of(cast)
    run = post_run(cast, site)
    browser = cast.stranger.browser()
    assert browser.get(f"/patch-runs/{run}").status_code == 404
    assert browser.post(f"/sites/{site.id}/patch-runs/new", form()).status_code == 404
    assert rows_of(browser.get("/patch-runs"), "patch-runs") == []


def test_the_tab_of_the_site_bears_the_number_of_its_runs(cast):
    site = site_of(cast)
    post_run(cast, site)
    href, count = tabs_of(cast.viewer.browser().get(f"/sites/{site.id}"))["Patch runs"]
    assert (href, count) == (f"/sites/{site.id}/patch-runs", 1)


def test_a_member_records_a_run_with_what_was_offered_and_typed(cast):
    site = site_of(cast)
    browser = cast.member.browser()
    page = text_of(browser.get(f"/sites/{site.id}/patch-runs/new"))
    offered = re.findall(r'type="checkbox" name="updates" value="([^"]+)"', page)
    assert offered == ["webform 6.2.7 6.2.9 security", "token 8.x-1.14 8.x-1.15"]
    typed = form(updates=[offered[0], "ctools - 4.1.0\n\ndiff 2.1.0 -"], notes="Evening round", ci_url="https://ci.example.com/1")
    answer = browser.post(f"/sites/{site.id}/patch-runs/new", typed)
    assert said(browser, answer) == "Recorded. It is claimed until a report shows it."
    run = cast.viewer.get("/patch-runs").json["data"][0]
    assert answer.headers["Location"] == f"/patch-runs/{run['id']}"
    assert (run["status"], run["operator"], run["notes"], run["evidence"]) == ("success", "Dana", "Evening round", "claimed")
    assert {update["module"]: (update["from_version"], update["to_version"], update["security"]) for update in run["updates"]} == {
        "webform": ("6.2.7", "6.2.9", True), "ctools": (None, "4.1.0", False), "diff": ("2.1.0", None, False)}
    assert run["started_at"] == stamp(factories.ago(hours=3).replace(second=0))


WRONG = [
    ({"updates": "webform 6.2.7"}, "updates"), ({"updates": "Bad-Name 1 2"}, "updates"), ({"updates": ""}, "updates"),
    ({"updates": ["webform 1 2", "webform 2 3"]}, "updates"), ({"started_at": "soon"}, "started_at"), ({"started_at": ""}, "started_at"),
    ({"started_at": "2099-01-01T00:00"}, "started_at"), ({"finished_at": "2001-01-01T00:00"}, "finished_at"),
    ({"status": "great"}, "status"),
    ({"trigger": "inferred"}, "trigger"), ({"commit_sha": "xyz"}, "commit_sha"), ({"ci_url": "javascript:alert(1)"}, "ci_url"),
]


@pytest.mark.parametrize(("change", "field"), WRONG, ids=lambda value: str(value)[:40])
def test_an_error_stands_at_its_field_and_what_was_typed_survives(cast, change, field):
    site = site_of(cast)
    typed = form(notes="Kept.", **change)
    answer = cast.member.browser().post(f"/sites/{site.id}/patch-runs/new", typed)
    assert (answer.status_code, field in errors_of(answer), "Kept." in text_of(answer)) == (422, True, True)
    assert cast.viewer.get("/patch-runs").json["meta"]["total"] == 0
    assert "javascript:" not in " ".join(links_of(answer))


def test_what_was_checked_stays_checked_and_what_was_typed_stays_typed(cast):
    site = site_of(cast)
    typed = form(updates=["webform 6.2.7 6.2.9 security", "nonsense"])
    text = text_of(cast.member.browser().post(f"/sites/{site.id}/patch-runs/new", typed))
    assert 'value="webform 6.2.7 6.2.9 security" checked' in text
    assert 'value="token 8.x-1.14 8.x-1.15">' in text
    assert "spellcheck=\"false\">\nnonsense</textarea>" in text


def test_viewers_record_nothing_and_a_token_is_needed(cast):
    site = site_of(cast)
    here = f"/sites/{site.id}/patch-runs/new"
    assert cast.viewer.browser().get(here).status_code == 403
    assert cast.viewer.browser().post(here, form()).status_code == 403
    assert cast.member.browser().post(here, form(), token=False).status_code == 403
    assert here not in links_of(cast.viewer.browser().get(f"/sites/{site.id}"))


def test_what_people_write_is_escaped(cast):
    site = site_of(cast)
    run = post_run(cast, site, operator="<script>alert(1)</script>", notes="<b>bold</b>")
    for path in (f"/patch-runs/{run}", "/patch-runs", f"/sites/{site.id}/patch-runs"):
        text = text_of(cast.viewer.browser().get(path))
        assert "<script>alert" not in text
        assert "<b>bold" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_the_fragments_are_parts_of_their_pages(cast):
    site = site_of(cast)
    post_run(cast, site)
    for path in ("/patch-runs", "/patch-runs?status=success", f"/sites/{site.id}/patch-runs"):
        fragment_is_part(cast.viewer.browser(), path)


@pytest.mark.slow
def test_the_list_costs_the_same_for_10_and_for_500_runs(app, cast):
    site = site_of(cast)
    browser = cast.member.browser()

    def fill(number):
        from webapp.patching.models import PatchRun

        with factories.writing(app):
            from webapp.kit.db import db

            db.session.add_all(PatchRun(organization_id=site.organization_id, site_id=site.id, started_at=factories.ago(hours=at + 1),
                                        status="success", trigger="ci") for at in range(number))

    fill(10)
    browser.get("/patch-runs")
    few = statements(app, lambda: browser.get("/patch-runs", per_page=200))
    fill(490)
    assert statements(app, lambda: browser.get("/patch-runs", per_page=200)) == few == 9
