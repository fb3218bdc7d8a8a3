"""drupal.org's announcements (`updates.drupal.org/psa.json`), which every Drupal site reads too.

Titles and links lead to the advisory; an item that is no announcement lists exact versions. Links are taken where they are
https and lead to drupal.org; the rest of an item does not depend on them.
"""

from __future__ import annotations

import email.utils
import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of

SOURCE: Final = "psa"
_NAMED: Final = re.compile(r"\b(?:SA-(?:CORE|CONTRIB)|PSA)-\d{4}-\d{2,}(?:-\d+)?\b", re.IGNORECASE)
_PROJECT: Final = re.compile(r"[a-z0-9_]{1,128}")


def recognises(document: Any) -> bool:
    """Whether a JSON value is such a feed."""
    return isinstance(document, list) and bool(document) and all(isinstance(each, dict) and "is_psa" in each for each in document)


def read(item: Any) -> AdvisoryRecord:
    """The record of one item; BadAdvisory where a field is missing or of another type, as core refuses it too."""
    if not isinstance(item, dict):
        raise BadAdvisory("An item is no object.")
    wrong = [name for name in ("title", "link", "project", "type") if not isinstance(item.get(name), str) or not item[name].strip()]
    insecure, said = item.get("insecure"), item.get("is_psa")
    if wrong or said not in (0, 1, "0", "1", True, False) or not isinstance(insecure, list):
        raise BadAdvisory(f"An item lacks {', '.join(wrong) or 'is_psa or insecure'}.")
    is_psa = said in (1, "1", True)
    title, link = item["title"].strip()[:500], _link(item["link"])
    named = [found[0] for found in _NAMED.finditer(f"{title} {link or ''}")]
    ids = ids_of(named or [title], link)
    project = item["project"] if _PROJECT.fullmatch(item["project"]) else ""
    versions = tuple(each for each in insecure if isinstance(each, str) and len(each) <= 255)
    affected = (Affected(project, versions=versions, of_branch=True),) if project and versions and not is_psa else ()
    return AdvisoryRecord(
        source=SOURCE, source_id=f"{ids[0]}:{project or item['project'][:100]}", ids=ids, title=title, link=link,
        published_at=_time(item.get("pubDate")), affected=affected, kind="psa" if is_psa else "advisory")


def _link(link: str) -> str | None:
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    host = parts.hostname or ""
    return link[:2000] if parts.scheme == "https" and (host == "drupal.org" or host.endswith(".drupal.org")) else None


def _time(text: Any) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
