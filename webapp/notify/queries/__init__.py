"""Reading channels, rules, and what was delivered."""
