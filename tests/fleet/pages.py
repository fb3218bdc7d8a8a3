"""What the tests of the fleet's pages share: a small fleet, ids as a page links them, and statements counted."""

from __future__ import annotations

import html
import re
from typing import Any

from tests import factories
from tests.accounts.pages import text_of

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
VULNERABLE = {"webform": ("6.2.7", "6.2.9", True), "token": ("8.x-1.14", "8.x-1.15", False)}
OUTDATED = {"webform": ("6.2.9", None, False), "token": ("8.x-1.14", "8.x-1.15", False)}
CURRENT = {"webform": ("6.2.9", None, False)}


def reported(site: Any, modules: dict[str, tuple[str, str | None, bool]], core: str | None = None, **when: float) -> None:
    """A report of modules as (version, latest version if there is an update, whether for security)."""
    rows = {}
    for name, (version, latest, security) in modules.items():
        judged = {} if latest else {"judged": True}
        rows[name] = factories.module(name, version, latest, security, **judged)
    factories.reported(site, rows, at=factories.ago(**(when or {"hours": 1})), core=core)


def fleet(cast: Any) -> dict[str, Any]:
    """A site of each kind in the cast's organization, by status, and one of the stranger's."""
    with factories.writing(cast.app):
        here = cast.organization
        sites = {
            "vulnerable": factories.site(here, name="Admissions", criticality="critical", owner_id=cast.admin.id, tags=["public"]),
            "outdated": factories.site(here, name="Botanic Garden", environment="staging"),
            "ok": factories.site(here, name="City Library"),
            "silent": factories.site(here, name="Dance School", report_interval_minutes=60),
            "unknown": factories.site(here, name="Energy Advice"),
            "strange": factories.site(cast.elsewhere, name="Foreign Office"),
        }
        reported(sites["vulnerable"], VULNERABLE, core="10.3.8")
        reported(sites["outdated"], OUTDATED, core="11.1.0")
        reported(sites["ok"], CURRENT)
        reported(sites["silent"], VULNERABLE, days=3)
        reported(sites["strange"], VULNERABLE)
    return sites


def rows_of(answer: Any, path: str = "sites") -> list[str]:
    """The ids that the first column of the list links to, in order."""
    table = text_of(answer).split('id="results"', 1)[-1].split("<tbody>", 1)[-1].split("</tbody>", 1)[0]
    return re.findall(rf'class="name" href="/{path}/({UUID})', table)


def links_of(answer: Any, inside: str = "<main") -> list[str]:
    """Where the links of the page's main part lead."""
    main = text_of(answer).split(inside, 1)[-1].split("</main>", 1)[0]
    return [html.unescape(href) for href in re.findall(r'<a[^>]* href="([^"]+)"', main)]


def tabs_of(answer: Any) -> dict[str, tuple[str, int | None]]:
    """The tabs by name: where each leads and its number."""
    strip = text_of(answer).split('id="views"', 1)[-1].split("</nav>", 1)[0]
    found = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)(?:<span class="n">([\d,]+)</span>)?</a>', strip)
    return {label: (html.unescape(href), int(count.replace(",", "")) if count else None) for href, label, count in found}


def total_of(answer: Any) -> int:
    """How many rows the list has in all, as it announces it."""
    return int(re.search(r'data-announce="([\d,]+) found"', text_of(answer)).group(1).replace(",", ""))
