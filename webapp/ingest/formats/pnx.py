"""The snapshot that PreviousNext's dashboard connector sends: versions stand in sentences for people only."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from webapp.fleet.values import Claim, InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.core_status import PHP
from webapp.ingest.formats.fields import Problems, is_machine_name
from webapp.ingest.formats.packages import core_module
from webapp.kit.errors import Invalid

NAME: Final = "PreviousNext snapshot"
_versions = re.compile(r"\(([^()\s]{1,255})(?: => ([^()\s]{1,255}))?\)\s*$").search
_no_colon = re.compile(r"([+-]\d\d)(\d\d)$")
_MARKS: Final = ("timestamp", "client_id", "site_id", "env")


@format_of(NAME, hint='{"site_id": …, "checks": […]}')
class Snapshot:
    """Reads the checks on core, modules and PHP; the others are about other matters. It speaks of projects only."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return "checks" in document and any(name in document for name in _MARKS)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        checks = fields.entries(document["checks"])
        if checks is None or not checks:
            raise Invalid.at("checks", "A list with at least one check is required.")
        if len(checks) > fields.MODULES_MAX:
            raise Invalid.at("checks", fields.TOO_MANY)
        problems, modules, php = Problems(), dict[str, ReportedModule](), None
        moment = _time(document.get("timestamp"), problems)
        for index, check in enumerate(checks):
            if not isinstance(check, dict):
                problems.add(f"checks.{index}", fields.NOT_AN_OBJECT)
                continue
            php = php or _php(check)
            module = _module(check, f"checks.{index}", problems)
            if module is not None:
                modules.setdefault(module.name, module)
        problems.check()
        if not modules:
            raise Invalid.at("checks", "No check is about core or a module, and no Drupal site is without.")
        core = modules.get("drupal")
        lists = any(module.type != "core" for module in modules.values())
        return InventoryReport((NAME,), list(modules.values()), moment, frozenset({"projects"}) if lists else frozenset(),
                               core_version=core.version if core else None, php_version=php)


def _time(value: object, problems: Problems) -> datetime | None:
    """ISO 8601 as PHP's `c` and `O` write it: the zone's colon may be missing."""
    moment = fields.read_time(_no_colon.sub(r"\1:\2", value[:64])) if isinstance(value, str) else None
    if moment is None and value is not None:
        problems.add("timestamp", fields.TIME_WRONG)
    return moment


def _php(check: dict[str, Any]) -> str | None:
    text = check.get("description")
    found = PHP.search(text[:255]) if check.get("type") == "php" and isinstance(text, str) else None
    return found[0].rstrip(".") if found else None


def _module(check: dict[str, Any], at: str, problems: Problems) -> ReportedModule | None:
    """The module of a check on core or a module; None for other checks, and for what is wrong (said in problems)."""
    name, kind, text = check.get("name"), check.get("type"), check.get("description")
    if kind not in ("core", "module"):
        return None
    if not isinstance(name, str) or not is_machine_name(name):
        problems.add(f"{at}.name", "Not a Drupal machine name (a-z, 0-9 and _, not starting with a digit).")
        return None
    found = _versions(text[:1000]) if isinstance(text, str) else None
    version, newer = (found[1], found[2]) if found else (None, None)
    if not all(each is None or fields.is_version(each) for each in (version, newer)):
        problems.add(f"{at}.description", fields.VERSION_WRONG)
        return None
    is_core = kind == "core" and name == "drupal"
    module = core_module(version) if is_core else ReportedModule(name, version, "module", name, enabled=True)
    module.claim = _claim(text if isinstance(text, str) else "", newer)
    return module


def _claim(text: str, newer: str | None) -> Claim | None:
    """What the sentence says of updates. "Not current" says nothing of security: Drupal uses it for both."""
    if text.startswith("Not secure"):
        return Claim(newer, newer, True, True)
    if text.startswith("Not current"):
        return Claim(newer, newer, True, None)
    if text.startswith("Up to date"):
        return Claim(None, None, False, False)
    return Claim(newer, newer, True, None) if newer else None
