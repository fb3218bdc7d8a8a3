"""Commands of the catalogue: `explain` says why, `feeds` brings in what the world publishes."""

from webapp.catalog.cli.explain import explain
from webapp.catalog.cli.feeds import feeds

__all__ = ["explain", "feeds"]
