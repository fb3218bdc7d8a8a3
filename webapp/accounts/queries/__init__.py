"""Every read of accounts, as functions that start from what the actor may see."""

from webapp.accounts.queries.keys import (
    find_keys,
    find_site_id,
    get_any_key,
    get_key,
    site_names,
    with_places,
)
from webapp.accounts.queries.organizations import (
    find_organizations,
    get_any_organization,
    get_organization,
    organizations_with,
    with_counts,
)
from webapp.accounts.queries.people import (
    find_users,
    get_self,
    get_user,
    names_of,
    role_of,
    user_by_email,
    with_organizations,
)
from webapp.accounts.queries.signing import (
    SEEN_EVERY,
    actor_of_key,
    find_sign_ins,
    person_of_sign_in,
)
from webapp.accounts.queries.teams import (
    find_possible_members,
    find_team_members,
    find_teams,
    find_teams_to_choose,
    get_any_team,
    get_team,
    get_team_alone,
    is_team_of,
    team_names,
    with_sites_counts,
)

__all__ = [
    "SEEN_EVERY",
    "actor_of_key",
    "find_keys",
    "find_organizations",
    "find_possible_members",
    "find_sign_ins",
    "find_site_id",
    "find_team_members",
    "find_teams",
    "find_teams_to_choose",
    "find_users",
    "get_any_key",
    "get_any_organization",
    "get_any_team",
    "get_key",
    "get_organization",
    "get_self",
    "get_team",
    "get_team_alone",
    "get_user",
    "is_team_of",
    "names_of",
    "organizations_with",
    "person_of_sign_in",
    "role_of",
    "site_names",
    "team_names",
    "user_by_email",
    "with_counts",
    "with_organizations",
    "with_places",
    "with_sites_counts",
]
