"""drupal.org's own advisories (`api-d7/node.json?type=sa`): the source of the risk string.

A node names its project by the number of another node only. Its machine name comes from who fetches (`projects`, from number
to name); without it the record adds its words and its risk to the advisory of the same id that another source has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.verdicts.advisories import DRUPAL_ID, DRUPAL_LINK, AdvisoryRecord, Affected, ids_of, module_of

SOURCE: Final = "drupal.org"
CORE_NODE: Final = "3060"


def recognises(document: Any) -> bool:
    """Whether a JSON value is a page of nodes, or one node, of the type of advisories."""
    nodes = document.get("list", [document]) if isinstance(document, dict) else []
    return bool(nodes) and all(isinstance(each, dict) and each.get("type") == "sa" and "nid" in each for each in nodes)


def nodes_of(document: Mapping[str, Any]) -> list[Any]:
    """The nodes of a page, or the one that the document is."""
    listed = document.get("list", [document])
    return list(listed) if isinstance(listed, list) else []


def read(node: Any, projects: Mapping[str, str] | None = None) -> AdvisoryRecord:
    """The record of one node; BadAdvisory for what is none."""
    if not isinstance(node, dict) or not str(node.get("nid", "")).isdecimal() or not isinstance(node.get("title"), str):
        raise BadAdvisory("It is no node of an advisory.")
    link = node.get("url") if isinstance(node.get("url"), str) else None
    named = [str(node[name]) for name in ("field_sa_advisory_id",) if node.get(name)]
    title = node["title"].strip()[:500]
    named += [word for word in title.replace(",", " ").split() if DRUPAL_ID.match(word)]
    ids = [name for name in ids_of([*named, *_cves(node.get("field_sa_cve"))], link) if "-" in name]
    if not any(DRUPAL_ID.match(name) for name in ids) and not DRUPAL_LINK.search(link or ""):
        ids = [*ids, f"DRUPAL-NODE-{node['nid']}"]
    project = _project(node, projects or {})
    constraint = node.get("field_affected_versions")
    affected = (Affected(project, constraint.strip()),) if project and isinstance(constraint, str) and constraint.strip() else ()
    return AdvisoryRecord(
        source=SOURCE, source_id=str(node["nid"]), ids=tuple(ids), title=title, details=_html(node), risk=_risk(node),
        link=link if link and link.startswith("https://") else None, published_at=_time(node.get("created")),
        modified_at=_time(node.get("changed")), affected=affected, kind="psa" if str(node.get("field_is_psa")) == "1" else "advisory")


def project_node(node: Any) -> str | None:
    """The number of the node of the advisory's project; None where it names none."""
    project = node.get("field_project") if isinstance(node, dict) else None
    number = str(project.get("id", "")) if isinstance(project, dict) else ""
    return number if number.isdecimal() else None


def _project(node: dict[str, Any], projects: Mapping[str, str]) -> str | None:
    said = node.get("field_project")
    if isinstance(said, dict) and isinstance(said.get("machine_name"), str):
        return module_of(f"drupal/{said['machine_name']}")
    number = project_node(node)
    if number == CORE_NODE:
        return "drupal"
    name = projects.get(number or "")
    return module_of(f"drupal/{name}") if name else None


def _cves(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [str(each.get("value") if isinstance(each, dict) else each) for each in found if each]


def _risk(node: dict[str, Any]) -> str | None:
    risk = node.get("field_sa_criticality")
    return risk if isinstance(risk, str) and risk else None


def _html(node: dict[str, Any]) -> str:
    said = node.get("field_sa_description")
    text = said.get("value") if isinstance(said, dict) else None
    return text[:100_000] if isinstance(text, str) else ""


def _time(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
