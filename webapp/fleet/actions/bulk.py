"""Changing many sites at once: all or nothing, each with its own row in the audit log; a dry run tells what would change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.audit.actions import change
from webapp.fleet.actions.sites import refuse_taken_url
from webapp.fleet.models import Site
from webapp.fleet.queries.sites import find_sites, may_own
from webapp.kit.db import db
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.permissions import Actor, Permission

VERBS = {"tag": "site.changed", "untag": "site.changed", "assign_team": "site.changed", "assign_owner": "site.changed",
         "set_criticality": "site.changed", "delete": "site.deleted", "restore": "site.restored"}


def change_sites(actor: Actor, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Does one operation to the sites that `ids` or `filter` name. NotFound when one of the ids is not to be seen.

    Gives how many matched, and for each that changes what: `{id, name, changes: {field: [before, after]}}`.
    """
    operation = body["operation"]
    needed = Permission.SITE_DELETE if operation in ("delete", "restore") else Permission.SITE_EDIT
    sites = _chosen(actor, body, deleted=operation == "restore")
    for organization_id in {site.organization_id for site in sites}:
        actor.require(needed, organization_id)
    changes = [(site, _changed_values(site, body, at)) for site in sites]
    wanted = [(site, values) for site, values in changes if values]
    told = [{"id": site.id, "name": site.name, "changes": {name: [getattr(site, name), value] for name, value in values.items()}}
            for site, values in wanted]
    if not body["dry_run"]:
        for site, values in wanted:
            if operation == "restore":
                refuse_taken_url(site.url)
            change(actor, VERBS[operation], site, values, at)
    return {"operation": operation, "dry_run": body["dry_run"], "matched": len(sites), "changed": len(wanted), "sites": told}


def _chosen(actor: Actor, body: Mapping[str, Any], *, deleted: bool) -> list[Site]:
    asked = {**body["filter"], "sort": [], "include_deleted": deleted} if "filter" in body else {"include_deleted": deleted}
    seen = find_sites(actor, asked).statement.with_only_columns(Site.id).order_by(None)
    ids = body.get("ids")
    if ids is not None:
        seen = seen.where(Site.id.in_(ids))
    if deleted:
        seen = seen.where(Site.deleted_at.is_not(None))
    sites = list(db.session.scalars(select(Site).where(Site.id.in_(seen)).order_by(Site.id).with_for_update()))
    if ids is not None and len(sites) != len(set(ids)):
        raise NotFound("Some of these sites are not there, or not for you.")
    return sites


def _changed_values(site: Site, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What the operation sets on this site; nothing where it is so already."""
    operation = body["operation"]
    if operation in ("tag", "untag"):
        kept = [tag for tag in site.tags if tag not in body["tags"]]
        tags = [*site.tags, *(tag for tag in body["tags"] if tag not in site.tags)] if operation == "tag" else kept
        return {"tags": tags} if tags != site.tags else {}
    if operation == "set_criticality":
        return {"criticality": body["criticality"]} if body["criticality"] != site.criticality else {}
    if operation == "delete":
        return {"deleted_at": at}
    if operation == "restore":
        return {"deleted_at": None}
    if operation == "assign_team" and body["team_id"] is not None:
        raise Invalid.at("team_id", "There is no such team in the organization.")
    name = "team_id" if operation == "assign_team" else "owner_id"
    if name == "owner_id" and body[name] is not None and not may_own(body[name], site.organization_id):
        raise Invalid.at(name, "This person does not belong to the organization of every site.")
    return {name: body[name]} if body[name] != getattr(site, name) else {}
