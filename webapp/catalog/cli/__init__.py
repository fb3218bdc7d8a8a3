"""Commands of the catalogue: `explain` says why, `feeds` brings in what the world publishes."""

from webapp.catalog.cli.explain import explain

__all__ = ["explain"]
