"""Uploads: what people put beside sites, how it is checked, and where it lies."""
