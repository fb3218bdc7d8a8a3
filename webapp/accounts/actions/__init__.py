"""Every write of accounts: organizations and roles, people, API keys, signing in and out."""
