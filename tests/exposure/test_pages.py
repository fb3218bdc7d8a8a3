"""The pages of advisories and exposures: numbers equal the lists behind them, and deciding works without script."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago


@pytest.fixture
def fleet(app: Any, cast: Any, publish: Any) -> dict[str, Any]:
    """Five sites of which one has fixed it, one does not run the code, and one is silent."""
    with factories.writing(app):
        sites = {name: factories.site(cast.organization, name=name) for name in ("Archive", "Library", "Museum", "Town hall", "Zoo")}
        for name, site in sites.items():
            module = factories.module("webform", "6.2.7", enabled=name != "Museum")
            factories.reported(site, {"webform": module}, ago(days=9) if name == "Zoo" else ago(hours=20))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=8), details="A made-up hole."))
    cast.member.post(f"/sites/{sites['Archive'].id}/modules", {"modules": [{"name": "webform", "version": "6.2.9"}]})
    return sites


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.get_data(as_text=True))


def total_at(cast: Any, href: str, api: str) -> int:
    """How many rows the JSON list has with the filters of a link."""
    query = dict(parse_qsl(urlsplit(href.replace("&amp;", "&")).query))
    return int(cast.viewer.get(api, **query).json["meta"]["total"])


def test_each_number_of_an_advisory_is_the_length_of_its_list(cast: Any, fleet: Any) -> None:
    found = cast.viewer.get("/advisories").json["data"][0]
    page = text(cast.viewer.browser().get(f"/advisories/{found['id']}"))
    tiles = re.findall(r'<a class="pb-tile" href="([^"]+)">.*?<span class="v">([\d,]+)</span>', page, re.DOTALL)
    assert len(tiles) == 5, tiles
    for href, number in tiles:
        assert total_at(cast, href, f"/advisories/{found['id']}/sites") == int(number), href
    assert "composer update drupal/webform --with-all-dependencies" in page
    assert "A made-up hole." in page


def test_the_views_of_the_findings_count_what_they_show(cast: Any, fleet: Any) -> None:
    page = text(cast.viewer.browser().get("/exposures"))
    tabs = re.findall(r'<a href="(/exposures\?[^"]+)"[^>]*>([A-Z][\w ]+)<span class="n">([\d,]+)</span>', page)
    counted = {label: int(number) for _, label, number in tabs}
    assert counted == {"Open": 3, "Late": 1, "Not enabled": 1, "Accepted": 0, "Fixed": 1, "All": 5}
    for href, label, _ in tabs:
        assert total_at(cast, href, "/exposures") == counted[label], label
    assert "unverified: the site is silent" in page


def test_a_site_shows_what_it_is_open_to(cast: Any, fleet: Any) -> None:
    page = text(cast.viewer.browser().get(f"/sites/{fleet['Library'].id}/exposures"))
    assert "SA-CONTRIB-2026-001" in page
    assert "Museum" not in page
    assert cast.stranger.browser().get(f"/sites/{fleet['Library'].id}/exposures").status_code == 404


def test_findings_are_accepted_by_a_form_that_keeps_what_was_typed(cast: Any, fleet: Any) -> None:
    browser = cast.member.browser()
    rows = {row["site"]["name"]: row["id"] for row in cast.viewer.get("/exposures", state="open").json["data"]}
    chosen = {"ids": [rows["Library"], rows["Town hall"]]}
    assert "Accept the risk of 2 findings" in text(browser.post("/exposures/accept", chosen))
    wrong = browser.post("/exposures/accept/apply", {**chosen, "reason": "", "expires_at": "2020-01-01", "kind": "accepted", "scope": "site"})
    assert wrong.status_code == 422
    assert 'value="2020-01-01"' in wrong.get_data(as_text=True)
    done = browser.post("/exposures/accept/apply", {**chosen, "reason": "Behind the firewall.", "expires_at": "2099-12-31", "kind": "accepted",
                                                    "scope": "site"})
    assert (done.status_code, done.headers["Location"]) == (303, "/exposures")
    assert cast.viewer.get("/exposures", state="accepted").json["meta"]["total"] == 2
    page = text(browser.get("/risk-decisions"))
    assert page.count("Behind the firewall.") == 2
    assert [f'href="/sites/{fleet[name].id}">{name}</a>' in page for name in ("Library", "Town hall")] == [True, True]
    assert page.count("by member@meridian.example") + page.count("by Mia") >= 2
    assert cast.viewer.browser().post("/exposures/accept", chosen).status_code == 403


def test_who_has_no_advisory_is_told_so(cast: Any) -> None:
    assert "No advisory is known yet" in text(cast.viewer.browser().get("/advisories"))
    assert "Nothing stands open" in text(cast.viewer.browser().get("/exposures"))
