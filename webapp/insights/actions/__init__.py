"""Every write of insights, as verbs: check, change, record."""
