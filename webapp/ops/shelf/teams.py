"""Teams, by name or description."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from webapp.accounts.models import Organization, Team
from webapp.accounts.policy import visible_teams
from webapp.kit.permissions import Actor
from webapp.ops.queries.search import hits
from webapp.ops.shelf import register
from webapp.ops.values import Kind, Words


def find(actor: Actor, words: Words) -> Select[Any]:
    statement = visible_teams(actor).join(Organization, Organization.id == Team.organization_id)
    return hits(statement, words, kind="team", key=Team.id, page="/teams", title=Team.name, also=[Team.description],
                subtitle=Organization.name)


register(Kind("team", "Team", "Teams", "users-group", find))
