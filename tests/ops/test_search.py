"""Search over all kinds: ranked, only what the caller may see, and the same on the page as in JSON."""

from __future__ import annotations

import pytest

from tests import factories
from tests.accounts.pages import heading, text_of, words_of
from tests.house.test_query_counts import counted


@pytest.fixture
def world(app, cast):
    """A site, a team and a person of each organization whose names begin alike."""
    with factories.writing(app):
        ours, theirs = cast.organization, cast.elsewhere
        made = {"site": factories.site(ours, name="Botanic Garden", url="https://garden.example"),
                "other": factories.site(ours, name="The Botanist"), "foreign": factories.site(theirs, name="Botanic Foreign"),
                "person": factories.user("botanic@meridian.example", ours, full_name="Bo Tanik")}
        factories.reported(made["site"], {"botanic": "1.0.0", "webform": "6.2.7"}, at=factories.ago(hours=2))
        factories.reported(made["foreign"], {"botanic_foreign": "1.0.0"}, at=factories.ago(hours=2))
    made["team"] = cast.admin.post("/teams", {"name": "Botanic team", "organization_id": str(ours.id)}).json["data"]
    run = {"started_at": "2026-01-18T16:05:00Z", "status": "success", "trigger": "ci", "commit_sha": "b07a41c0ffee",
           "updates": [{"module": "webform", "from_version": "6.2.6", "to_version": "6.2.7"}]}
    made["run"] = cast.member.post(f"/sites/{made['site'].id}/patch-run", run).json["data"]
    return made


def found(who, text, **asked):
    return [(row["kind"], row["title"]) for row in who.get("/search", q=text, **asked).json["data"]]


def test_what_begins_so_comes_before_what_only_has_it(cast, world):
    rows = cast.admin.get("/search", q="botanic").json["data"]
    assert [(row["kind"], row["title"]) for row in rows] == [
        ("module", "botanic"), ("team", "Botanic team"), ("site", "Botanic Garden"), ("user", "Bo Tanik"), ("site", "The Botanist")]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert all(0 < row["score"] <= 1 for row in rows)
    assert rows[0]["score"] == 1


@pytest.mark.parametrize(("text", "title"), [("BOTANIC GARDEN", "Botanic Garden"), ("garden.example", "Botanic Garden"), ("bo", "Botanic Garden"),
                                             ("ga", "Botanic Garden"), ("garden botanic", "Botanic Garden"), ("botanik garden", "Botanic Garden"),
                                             ("meridian", "Meridian"), ("b07a41c", "Patch run of Botanic Garden"), ("webf", "webform")])
def test_parts_letters_words_and_slips(cast, world, text, title):
    assert title in [name for _, name in found(cast.viewer, text)]


@pytest.mark.parametrize("text", ["arden botanik zoo", "xyzzy", "%", "_", "' OR 1=1", "\\"])
def test_what_is_nowhere_is_not_found(cast, world, text):
    assert found(cast.viewer, text) == []


def test_an_id_finds_its_thing(cast, world):
    for kind, key in (("site", world["site"].id), ("team", world["team"]["id"]), ("patch_run", world["run"]["id"])):
        rows = cast.viewer.get("/search", q=str(key)).json["data"]
        assert [(row["kind"], row["id"], row["score"]) for row in rows] == [(kind, str(key), 1)]
    assert cast.stranger.get("/search", q=str(world["site"].id)).json["data"] == []


def test_each_hit_leads_to_its_page_and_its_json(cast, world):
    browser = cast.admin.browser()
    asked = ({"q": "botanic"}, {"q": "Meridian", "kind": "organization"}, {"q": "b07a"})
    rows = [row for each in asked for row in cast.admin.get("/search", **each).json["data"]]
    assert {row["kind"] for row in rows} == {"site", "team", "organization", "user", "module", "patch_run"}
    for row in rows:
        assert cast.admin.get(row["url"]).json["data"]["id"] == row["id"], row
        assert browser.get(row["path"]).status_code == 200, row


def test_nobody_finds_what_they_may_not_see(cast, world):
    assert found(cast.stranger, "botanic") == [("site", "Botanic Foreign"), ("module", "botanic_foreign")]
    assert ("user", "Bo Tanik") not in found(cast.viewer, "Tanik")
    assert ("user", "Bo Tanik") in found(cast.admin, "Tanik")
    assert cast.key(site=world["other"]).get("/search", q="botanic").status_code == 403
    reads = cast.key("read", site=world["other"])
    assert found(reads, "botan") == [("site", "The Botanist")]
    assert {title for _, title in found(cast.root, "botanic", kind="site")} == {"Botanic Garden", "The Botanist", "Botanic Foreign"}
    assert cast.root.get("/search", q="nothing", kind="site").json["meta"]["total"] == 0


def test_deleted_things_are_not_found(cast, world):
    cast.admin.delete(f"/sites/{world['site'].id}")
    cast.admin.delete(f"/teams/{world['team']['id']}")
    assert found(cast.admin, "botanic") == [("user", "Bo Tanik"), ("site", "The Botanist")]


@pytest.mark.parametrize(("query", "field"), [({}, "q"), ({"q": ""}, "q"), ({"q": "   "}, "q"), ({"q": "x" * 201}, "q"), ({"q": "a\x00b"}, "q"),
                                              ({"q": "a", "kind": "ghost"}, "kind"), ({"q": "a", "sort": "colour"}, "sort"),
                                              ({"q": "a", "include_deleted": "true"}, "include_deleted"), ({"q": "a", "page": "0"}, "page")])
def test_nonsense_is_refused_at_its_field(cast, query, field):
    answer = cast.viewer.get("/search", **query)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)


def test_pages_kinds_and_exports(cast, world):
    first = cast.admin.get("/search", q="botanic", per_page=2)
    second = cast.admin.get("/search", q="botanic", per_page=2, page=2)
    assert (first.json["meta"]["total"], first.json["meta"]["pages"]) == (5, 3)
    assert len({row["id"] for row in first.json["data"] + second.json["data"]}) == 4
    assert {kind for kind, _ in found(cast.admin, "botanic", kind="site,team")} == {"site", "team"}
    assert [title for _, title in found(cast.admin, "botanic", kind="site", sort="title")] == ["Botanic Garden", "The Botanist"]
    assert cast.admin.get("/search", q="botanic", format="csv").get_data(as_text=True).count("\n") == 6


def test_the_page_has_the_same_hits_in_groups_and_works_as_a_form(cast, world):
    browser = cast.admin.browser()
    page = browser.get("/search", q="botanic")
    assert heading(page) == "Search"
    for row in cast.admin.get("/search", q="botanic").json["data"]:
        assert f'href="{row["path"]}"' in text_of(page)
    one = browser.get("/search", q="botanic", kind="site")
    assert "The Botanist" in words_of(one)
    assert "Bo Tanik" not in words_of(one)
    assert "Nothing is called that" in words_of(browser.get("/search", q="xyzzy"))
    assert "What are you looking for?" in words_of(browser.get("/search", q="  "))
    assert "Botanic" not in words_of(cast.stranger.browser().get("/search", q="garden"))
    assert browser.get("/search", q="x", kind="ghost").status_code == 422


def test_what_shows_while_typing_is_a_part_of_the_page(cast, world):
    browser = cast.admin.browser()
    part = browser.get("/search", htmx=True, q="botanic")
    assert "<html" not in text_of(part)
    assert "HX-Request" in part.headers["Vary"]
    assert text_of(part).strip() in text_of(browser.get("/search", q="botanic"))
    assert '<script>' not in text_of(browser.get("/search", q='<script>alert(1)</script>'))


def test_the_field_in_the_top_bar_is_a_form_on_every_page(cast):
    text = text_of(cast.viewer.browser().get("/sites"))
    assert 'action="/search"' in text
    assert "data-search" in text
    assert 'href="/search"' in text  # narrow screens


@pytest.mark.slow
def test_a_search_costs_the_same_at_10_and_at_500_sites(app, cast):
    browser, costs = cast.admin.browser(), []
    for number in (10, 490):
        with factories.writing(app):
            for _ in range(number):
                factories.reported(factories.site(cast.organization), {"webform": "6.2.7"}, at=factories.ago(hours=2))
        costs.append([counted(app, lambda: cast.admin.get("/search", q="site")), counted(app, lambda: browser.get("/search", htmx=True, q="site")),
                      counted(app, lambda: browser.get("/search", q="site", kind="site"))])
    assert costs[0] == costs[1]
    assert costs[0][0] - counted(app, lambda: cast.admin.get("/auth/me")) <= 2
