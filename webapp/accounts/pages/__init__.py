"""Pages of accounts: sign in, profile, organizations, members, teams, API keys, and the menu of narrow screens."""

from webapp.accounts.pages import keys, members, organizations, profile, signing, teams  # noqa: F401 (each adds its doors)
from webapp.accounts.pages.doors import pages

__all__ = ["pages"]
