"""Sites, by name or address."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func

from webapp.accounts.models import Organization
from webapp.fleet.models import Site
from webapp.fleet.policy import visible_sites
from webapp.kit.permissions import Actor
from webapp.ops.queries.search import hits
from webapp.ops.shelf import register
from webapp.ops.values import Kind, Words

SCHEME = r"^https?://"


def find(actor: Actor, words: Words) -> Select[Any]:
    statement = visible_sites(actor).join(Organization, Organization.id == Site.organization_id)
    host = func.regexp_replace(Site.url, SCHEME, "")
    return hits(statement, words, kind="site", key=Site.id, page="/sites", title=Site.name, also=[Site.url],
                subtitle=host.concat(" · ").concat(Organization.name))


register(Kind("site", "Site", "Sites", "world", find))
