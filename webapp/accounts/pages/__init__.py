"""Pages of accounts: signing in, own account, organizations, members, teams, API keys; the menu of narrow screens."""

from webapp.accounts.pages import (  # noqa: F401 (each adds its doors)
    keys,
    members,
    organizations,
    passwords,
    profile,
    second_factor,
    signing,
    teams,
)
from webapp.accounts.pages.doors import pages

__all__ = ["pages"]
