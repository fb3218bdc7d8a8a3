"""Modules that run on a visible site, by machine name or package."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, select

from webapp.catalog.models import Module
from webapp.fleet.models import Installation, Site
from webapp.fleet.policy import visible_sites
from webapp.kit.permissions import Actor, Permission
from webapp.ops.queries.search import hits
from webapp.ops.shelf import register
from webapp.ops.values import Kind, Words


def find(actor: Actor, words: Words) -> Select[Any]:
    seen = visible_sites(actor, Permission.MODULE_READ).with_only_columns(Site.id)
    runs = exists().where(Installation.module_id == Module.id, Installation.valid_to.is_(None), Installation.site_id.in_(seen))
    return hits(select(Module).where(runs), words, kind="module", key=Module.public_id, page="/modules", title=Module.name)


register(Kind("module", "Module", "Modules", "puzzle", find))
