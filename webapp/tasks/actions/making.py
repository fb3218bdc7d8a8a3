"""Making tasks of an advisory: one for each site that stands open, or one for each of those who look after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.exposure.queries.advisories import find_advisory_sites, get_advisory_alone
from webapp.kit.db import rows
from webapp.kit.errors import PermissionDenied
from webapp.kit.permissions import Actor, Permission
from webapp.tasks.actions.references import check_assignee
from webapp.tasks.actions.writing import Draft, write_drafts
from webapp.tasks.values import priority_of

MOST_NAMED = 100
KEYS = "SELECT id, module_id FROM exposures WHERE id = ANY(CAST(:ids AS uuid[]))"
PRESENT = """
SELECT organization_id, site_id, assignee_id, title FROM tasks
WHERE advisory_id = :advisory AND deleted_at IS NULL AND status IN ('pending', 'in_progress')
AND organization_id = ANY(CAST(:places AS uuid[]))
"""
MEMBERS = """
SELECT m.organization_id, m.user_id FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.organization_id = ANY(CAST(:places AS uuid[])) AND m.deleted_at IS NULL AND u.deleted_at IS NULL
"""


def make_tasks(actor: Actor, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Makes tasks for the sites that stand open to an advisory: `per` site, or per owner or team with their sites in the words.

    Each is due when its findings are, or on `due_date`; it goes to the owner, or to `assignee_id`. Where there is an open one already,
    none is made. A dry run checks all of it, says what would be made, and writes nothing.
    """
    advisory = get_advisory_alone(actor, body["advisory_id"])
    asked: dict[str, Any] = {"state": ["open"], "runs": True}
    if body.get("organization_id"):
        asked["organization_id"] = body["organization_id"]
    where = actor.organizations(Permission.TASK_EDIT)
    if where is not None and not where:
        raise PermissionDenied()
    found = [each for each in find_advisory_sites(actor, advisory, asked, at).all() if where is None or each["organization_id"] in where]
    if found and body.get("assignee_id"):
        for place in {each["organization_id"] for each in found}:
            check_assignee(body["assignee_id"], place, None)
    drafts = _drafts(advisory, found, body)
    new = _without_present(drafts, advisory.id)
    if not body["dry_run"]:
        new = write_drafts(actor, new, at)
    told = [{"title": draft.title, "site_id": draft.site_id, "assignee_id": draft.assignee_id, "due_date": draft.due_date} for draft in new]
    return {"dry_run": body["dry_run"], "sites": len({each["site"]["id"] for each in found}), "made": len(new),
            "present": len(drafts) - len(new), "tasks": told}


def _drafts(advisory: Any, found: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> list[Draft]:
    places = list({each["organization_id"] for each in found})
    members = {(row.organization_id, row.user_id) for row in rows(MEMBERS, places=places)}
    modules = {row.id: row.module_id for row in rows(KEYS, ids=[each["id"] for each in found])}
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for each in found:
        groups[_key(each, body["per"])].append(each)
    drafts = []
    for its in groups.values():
        first, dates = its[0], [each["due_at"].date() for each in its if each["due_at"]]
        owner = first["owner_id"] if body["per"] != "team" and (first["organization_id"], first["owner_id"]) in members else None
        draft = Draft(organization_id=first["organization_id"], title=_title(advisory.name, its, body["per"]),
                      priority=priority_of(advisory.severity), advisory_id=advisory.id, module_id=modules[first["id"]],
                      due_date=body.get("due_date") or min(dates, default=None), assignee_id=body.get("assignee_id") or owner,
                      description=_description(advisory, its, body["per"]))
        draft.site_id = first["site"]["id"] if body["per"] == "site" else None
        drafts.append(draft)
    return drafts


def _key(finding: Mapping[str, Any], per: str) -> tuple[Any, ...]:
    return (finding["organization_id"], finding["site"]["id"] if per == "site" else finding[f"{per}_id"])


def _title(name: str, its: Sequence[Mapping[str, Any]], per: str) -> str:
    if per == "site":
        return f"Close {name} on {its[0]['site']['name']}"[:300]
    whose = its[0][f"{per}_name"] or f"no {per}"
    return f"Close {name} on sites of {whose}"[:300]


def _description(advisory: Any, its: Sequence[Mapping[str, Any]], per: str) -> str:
    lines = [advisory.title or "", *(["", f"{len(its):,} sites:"] if per != "site" else [])]
    lines += [f"{each['site']['name']}: {each['module']} {each['version']}" for each in its[:MOST_NAMED]]
    if len(its) > MOST_NAMED:
        lines.append(f"and {len(its) - MOST_NAMED:,} more")
    return "\n".join(lines).strip()[:10_000]


def _without_present(drafts: Sequence[Draft], advisory_id: int) -> list[Draft]:
    """Those of them that nobody has to do yet."""
    places: list[UUID] = list({draft.organization_id for draft in drafts})
    present = rows(PRESENT, advisory=advisory_id, places=places)
    sites = {row.site_id for row in present if row.site_id}
    titles = {(row.organization_id, row.title) for row in present if row.site_id is None}
    return [draft for draft in drafts
            if (draft.site_id not in sites if draft.site_id else (draft.organization_id, draft.title) not in titles)]
