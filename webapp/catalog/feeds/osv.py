"""OSV: Drupal's own advisory database, and the advisories of the PHP libraries that sites carry.

Of the events of a range only what Composer would say counts: where the advisory has the constraint of its source
(`database_specific.affected_versions`), that is taken, for ranges of events leave pre-releases out in the unsafe direction.
Source: ossf.github.io/osv-schema; github.com/DrupalSecurityTeam/drupal-advisory-database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of, module_of

DRUPAL: Final = "osv-drupal"
OTHERS: Final = "osv"
LONGEST_TEXT: Final = 100_000
MOST_VERSIONS: Final = 5_000


class BadAdvisory(ValueError):
    """A document that is no advisory; `reason` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def recognises(document: Any) -> bool:
    """Whether a JSON value is an advisory in OSV's form."""
    return isinstance(document, dict) and "schema_version" in document and isinstance(document.get("id"), str)


def read(document: Any) -> AdvisoryRecord:
    """The record of one OSV object; BadAdvisory where it cannot be one. Packages of other ecosystems than Composer's are left out."""
    if not isinstance(document, dict) or not isinstance(document.get("id"), str) or not document["id"].strip():
        raise BadAdvisory("It has no id.")
    names = [document["id"], *_texts(document.get("aliases")), *_texts(document.get("upstream"))]
    link = next((each["url"] for each in _objects(document.get("references")) if isinstance(each.get("url"), str)), None)
    is_drupal = document["id"].upper().startswith("DRUPAL-")
    return AdvisoryRecord(
        source=DRUPAL if is_drupal else OTHERS, source_id=document["id"], ids=ids_of(names, link if is_drupal else None),
        title=_text(document.get("summary"))[:500], details=_text(document.get("details")), link=_web(link), cvss=_cvss(document),
        rating=_rating(document), published_at=moment(document.get("published")), modified_at=moment(document.get("modified")),
        withdrawn_at=moment(document.get("withdrawn")), affected=tuple(_affected(document)))


def _affected(document: dict[str, Any]) -> Iterator[Affected]:
    by_package: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for each in _objects(document.get("affected")):
        package = each.get("package")
        if not isinstance(package, dict) or not isinstance(package.get("name"), str):
            continue
        if str(package.get("ecosystem", "")).partition(":")[0].lower() != "packagist":
            continue
        said = each.get("database_specific")
        constraint = said.get("affected_versions") if isinstance(said, dict) else None
        if not isinstance(constraint, str) or not constraint.strip():
            constraint = " || ".join(_constraint(span) for span in _objects(each.get("ranges")) if _constraint(span))
        versions = tuple(_texts(each.get("versions"))[:MOST_VERSIONS])
        by_package.setdefault(module_of(package["name"]), []).append((constraint.strip(), versions))
    for name, parts in by_package.items():
        constraints = [constraint for constraint, _ in parts if constraint]
        exact = dict.fromkeys(version for _, versions in parts for version in versions)
        yield Affected(name, " || ".join(dict.fromkeys(constraints)), tuple(exact))


def _constraint(span: dict[str, Any]) -> str:
    """A range's events as a constraint: `>=introduced <fixed`, alternatives for several; empty for a range of commits."""
    if span.get("type") == "GIT":
        return ""
    parts: list[str] = []
    low = ""
    is_open = False
    for event in _objects(span.get("events")):
        if isinstance(event.get("introduced"), str):
            low, is_open = event["introduced"], True
        for name, sign in (("fixed", "<"), ("last_affected", "<=")):
            if is_open and isinstance(event.get(name), str):
                parts.append(f"{_from(low)}{sign}{event[name]}")
                is_open = False
    if is_open:
        parts.append(_from(low).strip() or "*")
    return " || ".join(parts)


def _from(low: str) -> str:
    return "" if low in ("", "0") else f">={low} "


def _cvss(document: dict[str, Any]) -> str | None:
    found = [each["score"] for each in _objects(document.get("severity"))
             if str(each.get("type", "")).startswith("CVSS") and isinstance(each.get("score"), str)]
    return max(found, default=None)


def _rating(document: dict[str, Any]) -> str | None:
    said = document.get("database_specific")
    word = said.get("severity") if isinstance(said, dict) else None
    return word if isinstance(word, str) else None


def moment(text: Any) -> datetime | None:
    """An RFC 3339 time in UTC; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _web(link: str | None) -> str | None:
    return link[:2000] if link and link.startswith(("https://", "http://")) else None


def _text(value: Any) -> str:
    return value.replace("\x00", "")[:LONGEST_TEXT] if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str) and each and "\x00" not in each] if isinstance(value, list) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
