"""Organizations, by name, short name or description."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from webapp.accounts.models import Organization
from webapp.accounts.policy import visible_organizations
from webapp.kit.permissions import Actor
from webapp.ops.queries.search import hits
from webapp.ops.shelf import register
from webapp.ops.values import Kind, Words


def find(actor: Actor, words: Words) -> Select[Any]:
    return hits(visible_organizations(actor), words, kind="organization", key=Organization.id, page="/organizations",
                title=Organization.name, also=[Organization.slug, Organization.description], subtitle=Organization.slug)


register(Kind("organization", "Organization", "Organizations", "building", find))
