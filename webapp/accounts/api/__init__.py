"""JSON doors of accounts: signing in, own account, second factor, sessions, users, organizations, members, teams, API keys."""

from webapp.accounts.api import (  # noqa: F401 (each adds its doors)
    keys,
    organizations,
    passwords,
    second_factor,
    sessions,
    signing,
    suspension,
    teams,
    users,
)
from webapp.accounts.api.door import api

__all__ = ["api"]
