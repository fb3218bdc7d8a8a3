"""core.extension as JSON (`drush config:get core.extension --format=json`): the names of what is enabled.

It has no versions, so it is no report by itself; in a bundle it says which packages of the lock are enabled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from webapp.ingest.formats import fields
from webapp.ingest.formats.fields import is_machine_name
from webapp.kit.errors import Invalid

NAME: Final = "core.extension"


@dataclass(slots=True)
class CoreExtension:
    """The enabled extensions by name, modules (with the profile) apart from themes, and the install profile."""

    modules: frozenset[str]
    themes: frozenset[str]
    profile: str | None


def read_core_extension(document: dict[str, Any]) -> CoreExtension:
    """What is enabled. Raises `Invalid` for a document without modules: every Drupal site has some enabled."""
    modules = _names(document, "module")
    if not modules:
        raise Invalid.at("module", "It names no module, which no Drupal site has.")
    profile = document.get("profile")
    if not isinstance(profile, str) or not is_machine_name(profile):
        profile = None
    return CoreExtension(modules | ({profile} if profile else set()), _names(document, "theme"), profile)


def _names(document: dict[str, Any], part: str) -> frozenset[str]:
    """The names of a part: an object of weights by name, or a plain list of names."""
    given = document.get(part, {})
    if not isinstance(given, dict | list):
        raise Invalid.at(part, "Neither an object of weights by name nor a list of names.")
    if len(given) > fields.MODULES_MAX:
        raise Invalid.at(part, fields.TOO_MANY)
    if not all(isinstance(name, str) and is_machine_name(name) for name in given):
        raise Invalid.at(part, "It has a name that is not a Drupal machine name.")
    return frozenset(given)
