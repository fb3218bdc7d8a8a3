"""`drush core:requirements --format=json`: Drupal's status report.

Its texts hold the cron key and other people's words: of each row only versions and core's own verdict are read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from webapp.fleet.values import Claim, InventoryReport
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.core_status import php_version
from webapp.ingest.formats.packages import core_module

NAME: Final = "drush core:requirements"
_available = re.compile(r"\(version (\S{1,64}) available\)").search
_profile = re.compile(r"\(([a-z_][a-z0-9_]{0,127})-").search


@format_of(NAME, keyed_by_site=True)
class CoreRequirements:
    """Reads versions and what the site says of core's updates; it lists no module but Drupal itself, so it removes none."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return bool(document) and all(_is_row(row) for row in document.values())

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        core = _first_word(document, "drupal")
        modules = [core_module(core)] if core and fields.is_version(core) and core[0].isdigit() else []
        claim = _verdict(_value(document, "update_core"))
        profile = _profile(_value(document, "install_profile"))
        return InventoryReport(
            (NAME,), modules, speaks=frozenset(), core_version=modules[0].version if modules else None,
            php_version=php_version(_first_word(document, "php")), database=_database(document),
            install_profile=profile[1] if profile else None, claims={"drupal": claim} if claim else {})


def _is_row(row: object) -> bool:
    """A row of the status report: it has a title and a severity, as a word and, from Drush 9 on, as a number too."""
    if not isinstance(row, dict) or not isinstance(row.get("title"), str):
        return False
    return isinstance(row.get("severity", row.get("sid")), str | int) and "version" not in row and "releases" not in row


def _value(document: dict[str, Any], name: str) -> str:
    row = document.get(name)
    value = row.get("value") if isinstance(row, dict) else None
    return value[:1000].strip() if isinstance(value, str) else ""


def _first_word(document: dict[str, Any], name: str) -> str | None:
    return next(iter(_value(document, name).split()), None)


def _database(document: dict[str, Any]) -> str | None:
    """The kind of database and its version in one, as the native body has it: `mysql 8.0.39`."""
    kind = _value(document, "database_system").split("\n")[0]
    version = _first_word(document, "database_system_version") or ""
    return fields.clean_text(f"{kind} {version}") if kind else None


def _verdict(value: str) -> Claim | None:
    """What core's update module says of core; None for what it does not know, and for a site in another language."""
    newer = _available(value)
    target = newer[1] if newer and fields.is_version(newer[1]) else None
    if value.startswith("Not secure!"):
        return Claim(target, target, True, True)
    if value.startswith("Out of date"):
        return Claim(target, target, True, None)
    if value.startswith("Up to date"):
        return Claim(None, None, False, False)
    return None
