"""JSON doors of accounts: signing in, own account, users, organizations, members, teams, API keys."""

from webapp.accounts.api import keys, organizations, signing, teams, users  # noqa: F401 (each adds its doors)
from webapp.accounts.api.door import api

__all__ = ["api"]
