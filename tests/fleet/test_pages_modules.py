"""`/modules`: what all sites run, in which versions, and where."""

import pytest

from tests import factories
from tests.accounts.pages import fragment_is_part, heading, words_of
from tests.fleet.pages import fleet, links_of, reported, rows_of, tabs_of, total_of
from tests.statements import statements


def module_id(person, name="webform"):
    return next(row["id"] for row in person.get("/modules", name=name).json["data"])


@pytest.mark.parametrize("query", [{}, {"q": "tok"}, {"has_updates": "true"}, {"has_security_updates": "true"}, {"type": "core"},
                                   {"sort": "-sites_count,name"}], ids=str)
def test_the_modules_are_those_of_the_json_in_the_same_order(cast, query):
    fleet(cast)
    rows = [row["id"] for row in cast.viewer.get("/modules", **query).json["data"]]
    assert rows_of(cast.viewer.browser().get("/modules", **query), "modules") == rows


def test_each_number_is_the_length_of_the_list_behind_it(cast):
    fleet(cast)
    browser = cast.viewer.browser()
    here = f"/modules/{module_id(cast.viewer)}"
    row = cast.viewer.get("/modules", name="webform").json["data"][0]
    assert (row["sites_count"], row["security_updates_count"], row["updates_count"], row["versions_count"]) == (4, 2, 2, 2)
    links = links_of(browser.get("/modules"))
    for href, count in ((here, 4), (f"{here}?needs=security", 2), (f"{here}?needs=any", 2), (f"{here}/versions?in_use=true", 2)):
        assert href in links
        assert total_of(browser.get(href)) == count, href


def test_a_module_shows_its_sites_by_version_as_the_json_does(cast):
    fleet(cast)
    here = f"/modules/{module_id(cast.viewer)}"
    for query in ({}, {"version": "6.2.7"}, {"needs": "security"}, {"environment": "staging"}, {"q": "city"}, {"sort": "-name"}):
        rows = [row["id"] for row in cast.viewer.get(f"{here}/sites", **query).json["data"]]
        assert rows_of(cast.viewer.browser().get(here, **query)) == rows
    page = cast.viewer.browser().get(here)
    assert heading(page) == "webform"
    assert f"{here}?version=6.2.7" in links_of(page)
    assert {name: count for name, (_, count) in tabs_of(page).items()} == {"Sites": 4, "Versions": 2}


def test_versions_say_what_is_not_known(cast):
    fleet(cast)
    here = f"/modules/{module_id(cast.viewer)}"
    page = cast.viewer.browser().get(f"{here}/versions")
    versions = [row["version"] for row in cast.viewer.get(f"{here}/versions").json["data"]]
    assert total_of(page) == len(versions)
    assert "not known" in words_of(page)
    assert cast.viewer.get(f"{here}/versions", in_use="false").json["meta"]["total"] == 0


def test_a_module_of_others_is_not_there(cast):
    with factories.writing(cast.app):
        reported(factories.site(cast.elsewhere), {"secret_sauce": ("1.0.0", None, False)})
    found = module_id(cast.stranger, "secret_sauce")
    for path in ("", "/versions"):
        assert cast.viewer.browser().get(f"/modules/{found}{path}").status_code == 404
    assert "secret_sauce" not in words_of(cast.viewer.browser().get("/modules"))


def test_a_module_that_runs_nowhere_any_more_still_has_its_page(cast):
    with factories.writing(cast.app):
        site = factories.site(cast.organization)
        factories.reported(site, {"old": "1.0.0", "webform": "6.2.9"}, at=factories.ago(days=2))
    found = module_id(cast.viewer, "old")
    with factories.writing(cast.app):
        factories.reported(site, {"webform": "6.2.9"}, at=factories.ago(hours=1))
    page = cast.viewer.browser().get(f"/modules/{found}")
    assert (page.status_code, heading(page)) == (200, "old")
    assert "No site runs it now" in words_of(page)


@pytest.mark.parametrize("query", [{"type": "toy"}, {"has_updates": "perhaps"}, {"sort": "version"}])
def test_the_page_refuses_what_the_json_refuses(cast, query):
    answer, page = cast.viewer.get("/modules", **query), cast.viewer.browser().get("/modules", **query)
    assert (answer.status_code, page.status_code) == (422, 422)
    assert answer.json["message"] in words_of(page)


def test_the_fragments_are_parts_of_their_pages(cast):
    fleet(cast)
    here = f"/modules/{module_id(cast.viewer)}"
    for path in ("/modules", "/modules?has_updates=true", here, f"{here}?needs=security", f"{here}/versions"):
        fragment_is_part(cast.viewer.browser(), path)


@pytest.mark.slow
def test_the_pages_cost_the_same_for_10_and_for_500_rows(app, cast):
    browser = cast.admin.browser()

    def costs():
        here = f"/modules/{module_id(cast.admin)}"
        return [statements(app, lambda path=path: browser.get(path)) for path in ("/modules", here, f"{here}/versions")]

    with factories.writing(app):
        for number in range(10):
            reported(factories.site(cast.organization), {"webform": (f"6.2.{number}", "7.0.0", True)})
    browser.get("/modules")
    few = costs()
    with factories.writing(app):
        for number in range(490):
            reported(factories.site(cast.organization), {"webform": (f"6.3.{number}", "7.0.0", True), f"m{number}": ("1.0.0", None, False)})
    assert costs() == few == [7, 18, 16]
