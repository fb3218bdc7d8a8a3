"""`drush core:status --format=json`: the versions of Drupal and PHP, and the kind of database.

It prints the database's user and password too: only the fields named here are ever read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from webapp.fleet.values import InventoryReport
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import is_machine_name
from webapp.ingest.formats.packages import core_module
from webapp.kit.errors import Invalid

NAME: Final = "drush core:status"
NO_DRUPAL: Final = "It names no Drupal version: Drush found no Drupal, or could not start it."
# Drush 8 has the first two of these, later ones all; with --fields any one may be alone.
_MARKS: Final = frozenset({"drupal-version", "drush-version", "drush-script", "php-version", "db-driver", "db-status", "bootstrap"})
PHP: Final = re.compile(r"\d{1,3}\.\d{1,3}[\w.+~-]{0,50}", re.ASCII)


@format_of(NAME)
class CoreStatus:
    """Reads versions; it lists no module but Drupal itself, so it removes none."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return not _MARKS.isdisjoint(document) and not isinstance(document.get("modules"), list | dict)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        core = document.get("drupal-version")
        if core is None or core == "":
            raise Invalid.at("drupal-version", NO_DRUPAL)
        if not fields.is_version(core):
            raise Invalid.at("drupal-version", fields.VERSION_WRONG)
        return InventoryReport(
            (NAME,), [core_module(core)], speaks=frozenset(), core_version=core, php_version=php_version(document.get("php-version")),
            database=_name(document.get("db-driver")), install_profile=_name(document.get("install-profile")))


def php_version(value: object) -> str | None:
    """PHP's version where the text begins with one; None for anything else."""
    found = PHP.match(value.strip()) if isinstance(value, str) else None
    return found[0] if found else None


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and is_machine_name(value) else None
