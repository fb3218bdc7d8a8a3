"""FriendsOfPHP's security advisories: one YAML file each, or as JSON lines with the path in `_file`.

Dead for Drupal itself since 2022, alive for what Drupal is built on. Source: github.com/FriendsOfPHP/security-advisories.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import yaml

from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of, module_of

SOURCE: Final = "friendsofphp"
LARGEST: Final = 256 * 1024


def recognises(document: Any) -> bool:
    """Whether a YAML or JSON value is one of these."""
    return isinstance(document, dict) and isinstance(document.get("branches"), dict) and "reference" in document


def parse(text: str) -> Any:
    """The value of a YAML file, by a loader that makes plain values only; BadAdvisory where it is none or too large."""
    if len(text) > LARGEST:
        raise BadAdvisory(f"It is larger than {LARGEST} characters.")
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise BadAdvisory("It is not YAML.") from None


def read(document: Any, path: str | None = None) -> AdvisoryRecord:
    """The record of one file; `path` names it where the document does not."""
    if not recognises(document):
        raise BadAdvisory("It names no branches.")
    reference = str(document["reference"])
    package = reference.removeprefix("composer://")
    if not reference.startswith("composer://") or "/" not in package:
        raise BadAdvisory("It is not about a Composer package.")
    where = str(document.get("_file") or path or f"{package}/{document.get('cve') or document.get('link')}")
    cve, link, title = document.get("cve"), document.get("link"), document.get("title")
    link = link if isinstance(link, str) else None
    branches = [each for each in document["branches"].values() if isinstance(each, dict)]
    times = [found for each in branches if (found := _time(each.get("time")))]
    names = [str(cve)] if cve and str(cve) != "~" else []
    ids = ids_of(names, link)
    return AdvisoryRecord(
        source=SOURCE, source_id=where, ids=ids or (f"FOP-{where.upper()}",), title=str(title or "")[:500],
        link=link if link and link.startswith("https://") else None, published_at=min(times, default=None),
        affected=(Affected(module_of(package), _constraint(branches)),))


def _constraint(branches: list[dict[str, Any]]) -> str:
    spans = [",".join(str(bound) for bound in each["versions"]) for each in branches
             if isinstance(each.get("versions"), list) and each["versions"]]
    return " || ".join(dict.fromkeys(spans))


def _time(value: Any) -> datetime | None:
    """YAML has read a time already, JSON has it as text; without a zone it is UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None
