"""Built reports as pages: the form for a new one, the list that follows them, one of them, and who may do what."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests import factories
from tests.accounts.pages import errors_of, fragment_is_part, heading, said, steady, text_of, value_of, words_of
from tests.fleet.pages import UUID, links_of
from tests.statements import statements
from webapp.kit.db import execute

FORM = {"kind": "module_updates", "formats": ["csv", "json"]}


def ask(browser: Any, **changes: Any) -> str:
    """Asks for a report with the form; the id of the newest one in the list."""
    answer = browser.post("/reports", {**FORM, **changes})
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/reports"), words_of(answer)
    return ids_of(browser.get("/reports"))[0]


def ids_of(answer: Any) -> list[str]:
    return re.findall(rf'id="job-({UUID})"', text_of(answer))


def row_of(answer: Any, report_id: str) -> str:
    """The markup of one row, up to the next."""
    return text_of(answer).split(f'id="job-{report_id}"', 1)[1].split('class="pb-job"', 1)[0].split('class="pb-pager"', 1)[0]


def set_report(app: Any, **fields: Any) -> None:
    """Puts all reports into a state that a worker would have brought about."""
    with factories.writing(app):
        execute(f"UPDATE reports SET {', '.join(f'{name} = :{name}' for name in fields)}", **fields)


def test_a_report_is_asked_for_followed_and_downloaded(app: Any, cast: Any, fleet: Any, work: Any) -> None:
    browser = cast.member.browser()
    asked = browser.post("/reports", {**FORM, "parameters.environment": "production", "parameters.security_only": "true"})
    assert said(browser, asked) == "Module updates: asked for. It is built in the background."
    page = browser.get("/reports")
    report_id = ids_of(page)[0]
    assert "Module updates, production, security only" in words_of(page)
    assert "Waiting" in words_of(page)
    work()
    report = cast.member.get(f"/reports/{report_id}").json["data"]
    assert (report["parameters"], report["formats"]) == ({"environment": "production", "security_only": "true"}, ["csv", "json"])
    done = browser.get("/reports")
    downloads = [href for href in links_of(done) if "/download" in href]
    assert downloads == [f"/api/v1/reports/{report_id}/download?format={each}" for each in ("csv", "json")]
    for file in report["files"]:
        assert f'SHA-256 <code title="{file["sha256"]}">{file["sha256"][:8]}…' in text_of(done)
    assert "1 row" in words_of(done)
    csv = browser.get(downloads[0])
    assert (csv.status_code, csv.mimetype) == (200, "text/csv")
    assert "secure" in text_of(csv)


def test_filters_of_the_other_kind_are_left_out(cast: Any, fleet: Any) -> None:
    """Both kinds stand in one form, which works without script: what is hidden comes along."""
    report_id = ask(cast.member.browser(), kind="patch_run", site="beta", **{
        "parameters.from": "2026-01-01", "parameters.to": "2026-01-31", "parameters.granularity": "day",
        "parameters.environment": "production", "parameters.tag": "shop", "parameters.organization_id": str(cast.organization.id)})
    assert cast.member.get(f"/reports/{report_id}").json["data"]["parameters"] == {
        "from": "2026-01-01", "to": "2026-01-31", "granularity": "day", "organization_id": str(cast.organization.id),
        "site_id": str(fleet[1].id)}
    page = cast.member.browser().get(f"/reports/{report_id}")
    assert heading(page) == "Patch runs, Beta, January 2026"
    assert "Day by day" in words_of(page)


def test_errors_stand_at_their_fields_and_what_was_typed_stays(cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    answer = browser.post("/reports", {"kind": "patch_run", "site": "Alpha", "parameters.from": "2026-13-31", "parameters.to": "2026-02-01"})
    assert answer.status_code == 422
    errors = errors_of(answer)
    assert (errors["parameters-from"], errors["formats"]) == ("There is no such date.", "Choose one file at least.")
    assert [value_of(answer, name) for name in ("parameters.from", "parameters.to", "site")] == ["2026-13-31", "2026-02-01", "Alpha"]
    assert not re.search(r'name="formats" value="\w+" checked', text_of(answer))
    assert 'value="patch_run" checked' in text_of(answer)
    assert cast.member.get("/reports").json["meta"]["total"] == 0


@pytest.mark.parametrize(("changes", "field"), [
    ({"parameters.from": "2026-03-02", "parameters.to": "2026-03-01"}, "parameters-to"), ({"site": "Nowhere"}, "site"),
    ({"parameters.granularity": "minute"}, "parameters-granularity"), ({"kind": "gossip"}, "kind"), ({"formats": ["docx"]}, "formats")])
def test_the_form_refuses_what_the_json_refuses(cast: Any, fleet: Any, changes: dict[str, Any], field: str) -> None:
    answer = cast.member.browser().post("/reports", {"kind": "patch_run", "formats": ["csv"], **changes})
    assert answer.status_code == 422
    assert field in errors_of(answer)


def test_a_site_whose_name_several_have_is_given_by_its_address(app: Any, cast: Any) -> None:
    with factories.writing(app):
        one = factories.site(cast.organization, name="Twin", url="https://one.example")
        factories.site(cast.organization, name="Twin", url="https://two.example")
    browser = cast.member.browser()
    answer = browser.post("/reports", {"kind": "patch_run", "formats": ["csv"], "site": "Twin"})
    assert errors_of(answer)["site"] == "Several sites have this name. Give the address instead."
    report_id = ask(browser, kind="patch_run", site="ONE.example/")
    assert cast.member.get(f"/reports/{report_id}").json["data"]["parameters"] == {"site_id": str(one.id)}


def test_looking_first_goes_to_the_same_figures_live(cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    answer = browser.post("/reports", {**FORM, "parameters.tag": "shop", "look": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/reports/module-updates?tag=shop")
    answer = browser.post("/reports", {**FORM, "kind": "patch_run", "site": "Alpha", "parameters.from": "2026-01-01", "look": "1"})
    assert answer.headers["Location"] == f"/reports/patch-run?from=2026-01-01&site_id={fleet[0].id}"
    assert browser.get(answer.headers["Location"]).status_code == 200
    assert cast.member.get("/reports").json["meta"]["total"] == 0


def test_the_form_begins_as_the_address_asks(cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    page = browser.get("/reports", **{"new": "patch_run", "parameters.site_id": str(fleet[0].id), "parameters.to": "2026-02-01"})
    assert [value_of(page, name) for name in ("site", "parameters.from", "parameters.to")] == [fleet[0].url, "", "2026-02-01"]
    page = browser.get("/reports", **{"new": "module_updates", "parameters.environment": "staging"})
    assert '<option value="staging" selected>' in text_of(page)
    assert 'value="module_updates" checked' in text_of(page)
    assert browser.get("/reports", **{"parameters.colour": "red"}).status_code == 422


@pytest.mark.parametrize("path", ["/reports", "/reports/UNKNOWN/cancel", "/reports/UNKNOWN/retry"])
def test_forms_need_their_token(cast: Any, path: str) -> None:
    answer = cast.member.browser().post(path.replace("UNKNOWN", str(cast.organization.id)), FORM, token=False)
    assert answer.status_code == 403


def test_viewers_look_but_do_not_build(cast: Any, fleet: Any) -> None:
    browser = cast.viewer.browser()
    page = browser.get("/reports")
    assert page.status_code == 200
    assert "Build report" not in words_of(page)
    assert 'action="/reports"' not in text_of(page)
    assert browser.post("/reports", FORM).status_code == 403
    for path in ("/reports/module-updates", "/reports/patch-run"):
        live = browser.get(path)
        assert live.status_code == 200
        assert "Build report" not in words_of(live)


def test_a_report_is_hidden_from_those_who_may_not_know_of_it(cast: Any, fleet: Any, build: Any) -> None:
    report = build(cast.member, parameters={"organization_id": str(cast.organization.id)})
    for person in (cast.viewer, cast.stranger):
        browser = person.browser()
        assert ids_of(browser.get("/reports")) == []
        for path in (f"/reports/{report['id']}",):
            assert browser.get(path).status_code == 404
        assert browser.get(f"/reports/{report['id']}/row", htmx=True).status_code == 404
    for verb in ("cancel", "retry"):
        assert cast.stranger.browser().post(f"/reports/{report['id']}/{verb}").status_code == 404
    for person in (cast.member, cast.admin, cast.root):
        assert person.browser().get(f"/reports/{report['id']}").status_code == 200


def test_those_who_are_signed_out_sign_in_first(app: Any, cast: Any) -> None:
    from tests.cast import Browser

    for path in ("/reports", "/reports/module-updates", "/reports/patch-run"):
        answer = Browser(app).get(path)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={path.replace('/', '%2F')}")


def test_an_organization_that_is_not_ones_own_is_404(cast: Any, fleet: Any) -> None:
    answer = cast.stranger.browser().post("/reports", {**FORM, "parameters.organization_id": str(cast.organization.id)})
    assert answer.status_code == 404


# ---- following what is built

def test_a_row_asks_again_only_while_its_report_is_unfinished(app: Any, cast: Any, fleet: Any, work: Any) -> None:
    browser = cast.member.browser()
    report_id = ask(browser)
    path = f"/reports/{report_id}/row"
    queued = text_of(browser.get(path, htmx=True))
    assert f'hx-get="{path}" hx-trigger="live" data-asks="report:{report_id}" data-every="1"' in queued
    set_report(app, status="running", progress=42, rows=1200, stage="Writing rows", started_at=factories.ago(seconds=42))
    running = text_of(browser.get(path, htmx=True))
    assert f'hx-get="{path}" hx-trigger="live" data-asks="report:{report_id}" data-every="1"' in running
    for words in ('<progress class="pb-progress" max="100" value="42"', "1,200 rows",
                  'data-announce="Module updates: 40 percent"'):
        assert words in running
    assert re.search(r"Writing rows, about (5[89] s|1 min) left", running)
    set_report(app, status="queued", progress=0)
    work()
    done = text_of(browser.get(path, htmx=True))
    assert "Done" in done
    assert "hx-get" not in done
    assert "hx-trigger" not in done


def test_a_page_left_open_asks_less_often(app: Any, cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    report_id = ask(browser)
    set_report(app, status="running", started_at=factories.ago(minutes=10))
    assert 'data-every="5"' in text_of(browser.get(f"/reports/{report_id}/row", htmx=True))
    set_report(app, status="queued", updated_at=factories.ago(minutes=10))
    assert 'data-every="10"' in text_of(browser.get(f"/reports/{report_id}", htmx=True))


def test_fragments_are_parts_of_their_pages(app: Any, cast: Any, fleet: Any, build: Any) -> None:
    build(cast.member)
    browser = cast.member.browser()
    waiting = ask(browser)
    fragment_is_part(browser, "/reports")
    whole, row = browser.get("/reports"), browser.get(f"/reports/{waiting}/row", htmx=True)
    assert steady(text_of(row)) in steady(text_of(whole))
    assert "<html" not in text_of(row)
    for report_id in ids_of(whole):
        one, part = browser.get(f"/reports/{report_id}"), browser.get(f"/reports/{report_id}", htmx=True)
        assert 'id="report"' in text_of(part)
        assert steady(text_of(part)) in steady(text_of(one))
    assert browser.get(f"/reports/{waiting}/row").headers["Location"] == f"/reports/{waiting}"


def test_the_page_of_a_report_stops_asking_when_it_is_done(cast: Any, fleet: Any, work: Any) -> None:
    browser = cast.member.browser()
    report_id = ask(browser)
    path = f"/reports/{report_id}"
    assert f'hx-get="{path}" hx-trigger="live" data-asks="report:{report_id}" data-every="1"' in text_of(browser.get(path))
    work()
    done = browser.get(path, htmx=True)
    assert "hx-trigger" not in text_of(done)
    for file in cast.member.get(path).json["data"]["files"]:
        assert file["sha256"] in text_of(done)


def test_a_report_is_cancelled_and_built_again(cast: Any, fleet: Any, work: Any) -> None:
    browser = cast.member.browser()
    report_id = ask(browser)
    path = f"/reports/{report_id}"
    assert said(browser, browser.post(f"{path}/cancel", {"next": "/reports"})) == "Module updates: cancelled. Nothing was kept."
    page = browser.get("/reports")
    assert "Build again" in row_of(page, report_id)
    refused = browser.post(f"{path}/cancel")
    assert (refused.status_code, "This report is over: it is cancelled." in words_of(refused)) == (409, True)
    again = browser.post(f"{path}/retry")
    assert (again.status_code, again.headers["Location"]) == (303, path)
    work()
    assert cast.member.get(path).json["data"]["status"] == "done"
    assert browser.post(f"{path}/retry").status_code == 409


def test_a_verb_that_htmx_sends_gives_back_the_row_or_the_page_that_it_stands_on(cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    report_id = ask(browser)
    row = browser.post(f"/reports/{report_id}/cancel", {"next": "/reports"}, htmx=True)
    assert (row.status_code, ids_of(row)) == (200, [report_id])
    assert "cancelled" in row.headers["HX-Trigger"]
    one = browser.post(f"/reports/{report_id}/retry", {"next": f"/reports/{report_id}"}, htmx=True)
    assert 'id="report"' in text_of(one)
    away = browser.post(f"/reports/{report_id}/cancel", {"next": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/overview"


def test_a_failed_report_says_why_and_can_be_tried_again(app: Any, cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    report_id = ask(browser)
    error = "The disk for reports was full after 412,000 rows. Nothing was kept."
    set_report(app, status="failed", error=error, finished_at=factories.ago(minutes=1))
    page = browser.get(f"/reports/{report_id}")
    assert error in words_of(page)
    assert "Try again" in words_of(page)
    row = row_of(browser.get("/reports"), report_id)
    assert error in row
    assert "Try again" in row
    assert 'class="pb-progress"' not in row


def test_titles_name_the_organization_where_there_are_several(cast: Any, fleet: Any, build: Any) -> None:
    report = build(cast.member, parameters={"organization_id": str(cast.organization.id)})
    build(cast.root)
    assert heading(cast.member.browser().get(f"/reports/{report['id']}")) == "Module updates"
    page = words_of(cast.root.browser().get("/reports"))
    assert "Module updates, Meridian" in page
    assert "Module updates, all organizations" in page


# ---- the list

def many(app: Any, cast: Any, number: int) -> None:
    """So many reports of the member, the newest first by number, all of one site."""
    with factories.writing(app):
        site = factories.site(cast.organization, name="Admissions")
        execute("""INSERT INTO reports (id, organization_id, kind, title, parameters, formats, status, created_at, created_by, updated_at, "view")
            SELECT gen_random_uuid(), :place, 'patch_run', 'Patch runs', jsonb_build_object('site_id', CAST(:site AS text)), ARRAY['csv'],
            'done', now() - n * interval '1 minute', :maker, now(), ARRAY[CAST(:place AS text)] FROM generate_series(1, :number) n""",
                place=cast.organization.id, site=str(site.id), maker=cast.member.id, number=number)


def test_the_list_has_pages_and_filters_like_its_json(app: Any, cast: Any, fleet: Any, build: Any) -> None:
    many(app, cast, 23)
    build(cast.member)
    browser = cast.member.browser()
    first, last = browser.get("/reports"), browser.get("/reports", page=3)
    assert "1 to 10 of 24" in words_of(first)
    assert "21 to 24 of 24" in words_of(last)
    rows = [row["id"] for row in cast.member.get("/reports", kind="module_updates", status="done").json["data"]]
    assert ids_of(browser.get("/reports", kind="module_updates", status="done")) == rows != []
    assert "No report matches this filter" in words_of(browser.get("/reports", status="failed"))
    answer, page = cast.member.get("/reports", status="great"), browser.get("/reports", status="great")
    assert (answer.status_code, page.status_code) == (422, 422)
    assert answer.json["message"] in words_of(page)


def test_the_pages_cost_the_same_however_many_reports(app: Any, cast: Any) -> None:
    browser = cast.member.browser()
    many(app, cast, 10)
    paths = ["/reports", "/reports?per_page=200"]
    few = [statements(app, lambda path=path: browser.get(path)) for path in paths]
    many(app, cast, 190)
    assert [statements(app, lambda path=path: browser.get(path)) for path in paths] == few
    assert few[0] <= 15
