"""Warden's payload in the clear, as its Drupal module makes it before sealing.

Its `key` would let anybody report for the site to a Warden: it is never read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from webapp.fleet.values import InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import EARLIEST, Problems, is_machine_name, path_of
from webapp.ingest.formats.packages import core_module
from webapp.kit.errors import Invalid

NAME: Final = "Warden"
DISABLED: Final = "disabled"
YEAR_10000: Final = 253_402_300_800
_PARTS: Final = ("contrib", "custom", "library")


@format_of(NAME, hint='{"core": {"drupal": …}, "contrib": …}')
class Warden:
    """Reads projects, custom modules and libraries; a part that the site does not share ("disabled") says nothing.

    Where it shares contributed and custom modules, what is in neither is gone, except where both are empty: that has been
    seen of clients whose collecting had failed.
    """

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        core = document.get("core")
        return isinstance(core, dict) and "drupal" in core and not {*_PARTS, "site_name"}.isdisjoint(document)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        problems = Problems()
        drupal = fields.mapping(document["core"]["drupal"]) or {}
        core = drupal.get("version")
        if not fields.is_version(core):
            problems.add("core.drupal.version", fields.VERSION_WRONG)
        moment = _time(document.get("time"), problems)
        modules = {"drupal": core_module(core if isinstance(core, str) else None)}
        listed = {part: _rows(document.get(part, DISABLED), part, problems) for part in _PARTS}
        for part, rows in listed.items():
            for name, version in (rows or {}).items():
                _add(modules, part, name, version, problems)
        problems.check()
        if len(modules) > fields.MODULES_MAX:
            raise Invalid(fields.TOO_MANY)
        return InventoryReport((NAME,), list(modules.values()), moment, _speaks(listed), core_version=modules["drupal"].version)


def _time(value: object, problems: Problems) -> datetime | None:
    """The site's clock in seconds since 1970; what no clock can have said is refused."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and EARLIEST.timestamp() <= value < YEAR_10000:
        return datetime.fromtimestamp(int(value), UTC)
    problems.add("time", "Not a time in seconds since 1970.")
    return None


def _rows(value: object, part: str, problems: Problems) -> dict[str, Any] | None:
    """The versions by name of one part; None for a part that is not shared."""
    if value == DISABLED or value is None:
        return None
    rows = fields.mapping(value)
    if rows is None:
        problems.add(part, 'Neither an object by name nor "disabled".')
        return None
    return {name: row.get("version") if isinstance(row, dict) else row for name, row in rows.items()}


def _add(modules: dict[str, ReportedModule], part: str, name: str, version: object, problems: Problems) -> None:
    at = f"{part}.{path_of(name)}"
    if version == "":
        version = None
    if version is not None and not fields.is_version(version):
        problems.add(f"{at}.version", fields.VERSION_WRONG)
    elif part == "library":
        package = fields.package_name(f"libraries/{name}")  # where Drupal looks for them; a bare name may be a module's
        if package and package not in modules:
            modules[package] = ReportedModule(package, version if isinstance(version, str) else None, "library")
    elif not is_machine_name(name):
        problems.add(at, "Not a Drupal machine name (a-z, 0-9 and _, not starting with a digit).")
    elif name not in modules:
        project = name if part == "contrib" else None
        modules[name] = ReportedModule(name, version if isinstance(version, str) else None, "module", project, enabled=True)


def _speaks(listed: dict[str, dict[str, Any] | None]) -> frozenset[str]:
    contrib, custom = listed["contrib"], listed["custom"]
    if contrib and custom is not None:
        return frozenset({"modules"})
    return frozenset({"projects"}) if contrib else frozenset()
