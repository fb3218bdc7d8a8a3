"""Changing many sites at once: all or nothing, each with its own row in the audit log; a dry run tells what would change.

However many sites there are, it takes the same few statements to find them and one batch for each table to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.queries import is_team_of
from webapp.audit.actions import change_many
from webapp.fleet.actions.announcing import tell_of_sites
from webapp.fleet.actions.sites import refuse_to_restore, without_hidden
from webapp.fleet.models import Site
from webapp.fleet.queries import find_sites, may_own, with_names
from webapp.kit.db import db
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.permissions import Actor, Permission

VERBS = {"tag": "site.changed", "untag": "site.changed", "assign_team": "site.changed", "assign_owner": "site.changed",
         "set_criticality": "site.changed", "delete": "site.deleted", "restore": "site.restored"}
MOST_TAGS = 50


def change_sites(actor: Actor, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Does one operation to the sites that `ids` or `filter` name. NotFound when one of the ids is not to be seen.

    Gives how many matched, and for each that changes what: `{id, name, changes: {field: [before, after]}}`. A dry run checks all
    that the change checks, and writes nothing.
    """
    operation = body["operation"]
    needed = Permission.SITE_DELETE if operation in ("delete", "restore") else Permission.SITE_EDIT
    sites = _chosen(actor, body, restoring=operation == "restore")
    places = {site.organization_id for site in sites}
    for organization_id in places:
        actor.require(needed, organization_id)
    _check_references(body, places)
    wanted = [(site, values) for site in sites if (values := _changed_values(site, body, at))]
    if operation == "restore" and wanted:
        refuse_to_restore([site for site, _ in wanted])
    told = [{"id": site.id, "name": site.name, "changes": {name: [_shown(site, name), value] for name, value in values.items()}}
            for site, values in wanted]
    if not body["dry_run"]:
        change_many(actor, VERBS[operation], wanted, at)
        tell_of_sites(VERBS[operation], [site for site, _ in wanted], at)
    return {"operation": operation, "dry_run": body["dry_run"], "matched": len(sites), "changed": len(wanted), "sites": told}


def _chosen(actor: Actor, body: Mapping[str, Any], *, restoring: bool) -> list[Site]:
    """The sites, held until the end, by id. A filter for restoring names deleted ones; ids may also name what is there already."""
    ids = body.get("ids")
    asked = {**body.get("filter", {}), "include_deleted": restoring}
    seen = find_sites(actor, asked).statement.with_only_columns(Site.id).order_by(None)
    if ids is not None:
        seen = seen.where(Site.id.in_(ids))
    elif restoring:
        seen = seen.where(Site.deleted_at.is_not(None))
    held = select(Site).where(Site.id.in_(seen)).order_by(Site.id).with_for_update().execution_options(populate_existing=True)
    sites = list(db.session.scalars(held if restoring else held.where(Site.deleted_at.is_(None))))
    if ids is not None and len(sites) != len(set(ids)):
        raise NotFound("Some of these sites are not there, or not for you.")
    return with_names(sites)


def _check_references(body: Mapping[str, Any], places: set[UUID]) -> None:
    """Invalid where the new owner or team does not belong to the organization of every site."""
    if body["operation"] == "assign_owner" and body["owner_id"] is not None and not may_own(body["owner_id"], places):
        raise Invalid.at("owner_id", "This person does not belong to the organization of every site.")
    if body["operation"] == "assign_team" and body["team_id"] is not None and not (
            len(places) <= 1 and all(is_team_of(body["team_id"], place) for place in places)):
        raise Invalid.at("team_id", "There is no such team in the organization of every site.")


def _changed_values(site: Site, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What the operation sets on this site; nothing where it is so already."""
    match body["operation"]:
        case "tag" | "untag" as operation:
            return _changed_tags(site, operation, body["tags"])
        case "set_criticality":
            values: dict[str, Any] = {"criticality": body["criticality"]}
        case "assign_owner":
            values = {"owner_id": body["owner_id"]}
        case "assign_team":
            values = without_hidden(site, {"team_id": body["team_id"]})
        case "delete":
            return {"deleted_at": at}
        case _:
            return {"deleted_at": None} if site.deleted_at else {}
    return {name: value for name, value in values.items() if value != getattr(site, name)}


def _changed_tags(site: Site, operation: str, named: list[str]) -> dict[str, Any]:
    without = [tag for tag in site.tags if tag not in named]
    tags = without if operation == "untag" else list(dict.fromkeys([*site.tags, *named]))
    if len(tags) > max(MOST_TAGS, len(site.tags)):
        raise Invalid.at("tags", f"A site has {MOST_TAGS} tags at most.")
    return {"tags": tags} if tags != site.tags else {}


def _shown(site: Site, name: str) -> Any:
    """A value as people see it: a deleted team is none."""
    return site.shown_team_id if name == "team_id" else getattr(site, name)  # type: ignore[attr-defined]
