"""Runs Patchboard on one machine with nothing but Python: databases, front-end files, processes, tests."""

from webapp.kit.local.errors import CannotStart
from webapp.kit.local.state import addresses

__all__ = ["CannotStart", "addresses"]
