"""Services: the sites and repositories that something is deployed to, as far as the actor may tell about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.insights.models import Repository
from webapp.insights.policy import visible_repositories
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Service:
    """What something is deployed to: a site with its repository, or a repository alone; and whose it is now."""

    organization_id: UUID
    site_id: UUID | None
    repository_id: UUID | None
    team_id: UUID | None

    @property
    def id(self) -> UUID:
        found = self.site_id or self.repository_id
        assert found is not None
        return found

    @property
    def columns(self) -> dict[str, Any]:
        """Where its deployments and incidents say that they belong to."""
        return {"organization_id": self.organization_id, "site_id": self.site_id, "repository_id": self.repository_id,
                "service_id": self.id, "team_id": self.team_id}


Key = tuple[UUID | None, UUID | None]


def key_of(body: Mapping[str, Any]) -> Key:
    """The service that a fact names: its site and its repository, of which one may be missing."""
    return body.get("site_id"), body.get("repository_id")


def services_to_feed(actor: Actor, told: Iterable[Mapping[str, Any]]) -> dict[Key, Service]:
    """The services that these facts name; NotFound where one is not there for the actor, PermissionDenied where they may only look.

    A key that only tells (`ingest`) sees nothing, but what it names.
    """
    keys = {key_of(each) for each in told}
    reads = Permission.SITE_READ if actor.may(Permission.SITE_READ) else Permission.INSIGHT_POST
    sites = _sites(actor, {site for site, _ in keys if site is not None}, reads)
    repositories = _repositories(actor, {each for _, each in keys if each is not None}, reads)
    found: dict[Key, Service] = {}
    for site_id, repository_id in keys:
        site, repository = sites.get(site_id), repositories.get(repository_id)
        lost = (site_id is not None and site is None) or (repository_id is not None and repository is None)
        if lost or (site and repository and site.organization_id != repository.organization_id):
            raise NotFound()
        place: Any = site or repository
        actor.require(Permission.INSIGHT_POST, place.organization_id)
        of_site = site.repository_id if site else None
        team_id = (site.team_id if site else None) or (repository.team_id if repository else None)
        found[site_id, repository_id] = Service(place.organization_id, site_id, repository_id or of_site, team_id)
    return found


def _sites(actor: Actor, ids: set[UUID], reads: Permission) -> dict[UUID | None, Any]:
    if not ids:
        return {}
    wanted = visible_sites(actor, reads).where(Site.id.in_(ids)).with_only_columns(
        Site.id, Site.organization_id, Site.repository_id, Site.team_id)
    return {row.id: row for row in db.session.execute(wanted)}


def _repositories(actor: Actor, ids: set[UUID], reads: Permission) -> dict[UUID | None, Any]:
    if not ids:
        return {}
    reads = Permission.REPOSITORY_READ if reads is Permission.SITE_READ else reads
    wanted = visible_repositories(actor, reads).where(Repository.id.in_(ids)).with_only_columns(
        Repository.id, Repository.organization_id, Repository.team_id)
    return {row.id: row for row in db.session.execute(wanted)}

