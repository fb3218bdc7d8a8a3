"""What reports are about and whose they are, in names: what pages say where the API says ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from webapp.accounts.models import Organization, Team
from webapp.accounts.policy import visible_organizations
from webapp.accounts.queries import names_of
from webapp.catalog.models import Module
from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.kit.db import db
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.reports.models import Report
from webapp.reports.values import Order


def with_names(actor: Actor, reports: list[Report]) -> list[Report]:
    """Gives each report `asked_by`, `organization_name` and `site_name`; None for what the actor may not see.

    Three statements, however many reports there are.
    """
    people = names_of(report.created_by for report in reports)
    organizations = organization_names(actor, (about(report, "organization_id") or report.organization_id for report in reports))
    sites = site_names(actor, (about(report, "site_id") for report in reports))
    for report in reports:
        organization_id, site_id = about(report, "organization_id") or report.organization_id, about(report, "site_id")
        report.asked_by = people.get(report.created_by) if report.created_by else None  # type: ignore[attr-defined]
        report.organization_name = organizations.get(organization_id) if organization_id else None  # type: ignore[attr-defined]
        report.site_name = sites.get(site_id) if site_id else None  # type: ignore[attr-defined]
    return reports


def about(report: Report, name: str) -> UUID | None:
    """The id that a report was narrowed to by one of its parameters."""
    value = report.parameters.get(name)
    return UUID(value) if value else None


def organization_names(actor: Actor, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of those of the organizations that the actor may see."""
    statement = visible_organizations(actor).with_only_columns(Organization.id, Organization.name)
    return dict(db.session.execute(statement.where(Organization.id.in_({each for each in ids if each}))).all())


def site_names(actor: Actor, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of those of the sites that the actor may see, deleted ones included."""
    statement = visible_sites(actor, Permission.REPORT_READ, deleted=True).with_only_columns(Site.id, Site.name)
    return dict(db.session.execute(statement.where(Site.id.in_({each for each in ids if each}))).all())


def module_ids(keys: Iterable[int]) -> dict[int, UUID]:
    """The public ids of modules by their inner keys."""
    return dict(db.session.execute(select(Module.id, Module.public_id).where(Module.id.in_(set(keys)))).all())


def facts_of(actor: Actor, order: Order) -> list[tuple[str, str]]:
    """What a report was narrowed to, in words and names, as its files say it; of several organizations, which."""
    given = dict(order.parameters)
    found = []
    if "organization_id" not in given and order.view is not None:
        names = organization_names(actor, order.view)
        found.append(("Organizations", ", ".join(sorted(names.values()))))
    names_by_id = {
        "organization_id": lambda each: organization_names(actor, [each]), "site_id": lambda each: site_names(actor, [each]),
        "team_id": lambda each: dict(db.session.execute(select(Team.id, Team.name).where(Team.id == each)).all())}
    for name, value in given.items():
        label = name.removesuffix("_id").replace("_", " ").capitalize()
        named = names_by_id[name](UUID(value)).get(UUID(value), "one that is gone") if name in names_by_id else value
        found.append((label, _said(named)))
    return found


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_said(each)}" for name, each in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(_said(each) for each in value) if isinstance(value, list) else str(value)


def find_site(actor: Actor, words: str, organization_id: UUID | None) -> Site:
    """The one site with this name or address, whatever its case; Invalid at `site` for none or several."""
    said = words.lower().rstrip("/")
    named = or_(func.lower(Site.name) == words.lower(), func.lower(func.rtrim(Site.url, "/")).in_((said, f"https://{said}")))
    statement = visible_sites(actor, Permission.REPORT_READ).where(named)
    if organization_id is not None:
        statement = statement.where(Site.organization_id == organization_id)
    found: list[Site] = list(db.session.scalars(statement.limit(2)))
    if not found:
        raise Invalid.at("site", "There is no site of this name or address.")
    if len(found) > 1:
        raise Invalid.at("site", "Several sites have this name. Give the address instead.")
    return found[0]
