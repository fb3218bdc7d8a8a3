"""What Drupal's `update_calculate_project_data()` gives, as JSON: the site's own word on each project from drupal.org."""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import Claim, InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems, is_machine_name, is_project, path_of
from webapp.ingest.formats.packages import core_module
from webapp.kit.errors import Invalid

NAME: Final = "update_calculate_project_data"
UNKNOWN: Final = "Unknown"
# Codes of core's UpdateManagerInterface; the negative ones of UpdateFetcherInterface mean that nothing is known.
NOT_SECURE, REVOKED, NOT_SUPPORTED, NOT_CURRENT, CURRENT = 1, 2, 3, 4, 5
_TYPES: Final = {"module": "module", "theme": "theme", "profile": "profile", "distribution": "distribution", "theme_engine": "theme_engine"}


@format_of(NAME, keyed_by_site=True)
class UpdateData:
    """Reads one module for each project, with what core's update module says of it.

    Custom code belongs to no project and is not in it, and neither are the further modules of a project told apart by
    version: it speaks of projects only.
    """

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return bool(document) and all(_is_row(row) for row in document.values())

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        if len(document) > fields.MODULES_MAX:
            raise Invalid(fields.TOO_MANY)
        problems, modules = Problems(), dict[str, ReportedModule]()
        for key, row in document.items():
            module = _read_row(key, row, problems)
            if module and module.name in modules:
                problems.add(path_of(key), fields.TWICE)
            elif module:
                modules[module.name] = module
            if problems.full:
                break
        problems.check()
        core = modules.get("drupal")
        return InventoryReport((NAME,), list(modules.values()), speaks=frozenset({"projects"}), core_version=core.version if core else None)


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("project_type"), str) and "existing_version" in row


def _read_row(key: str, row: dict[str, Any], problems: Problems) -> ReportedModule | None:
    project, version = row.get("name", key), row["existing_version"]
    if not isinstance(project, str) or not is_project(project):
        problems.add(f"{path_of(key)}.name", fields.PROJECT_WRONG)
        return None
    if version in (None, "", UNKNOWN):
        version = None
    elif not fields.is_version(version):
        problems.add(f"{path_of(key)}.existing_version", fields.VERSION_WRONG)
        return None
    kind, _, off = row["project_type"].partition("-")
    if project == "drupal" or kind == "core":
        module = core_module(version)
    else:
        name = _own_name(project, row)
        if name is None:
            problems.add(f"{path_of(key)}.name", "It has no extension with a Drupal machine name.")
            return None
        label = fields.clean_text(_extensions(row, "includes").get(name))
        module = ReportedModule(name, version, _TYPES.get(kind, "module"), project, label, enabled=not off)
    module.claim, module.datestamp = _claim(row), fields.datestamp(row.get("datestamp"), version)
    return module


def _extensions(row: dict[str, Any], part: str) -> dict[str, Any]:
    return fields.mapping(row.get(part)) or {}


def _own_name(project: str, row: dict[str, Any]) -> str | None:
    """The module that stands for the project: that of its name, or the first where it has none of its name."""
    names = sorted(name for part in ("includes", "disabled") for name in _extensions(row, part) if is_machine_name(name))
    if project in names or not names:
        return project if is_machine_name(project) else None
    return names[0]


def _claim(row: dict[str, Any]) -> Claim | None:
    """What the site says of the project's updates; None where it does not know.

    A pending security update counts whatever the code says: core's code 1 is about the installed release alone.
    """
    status, latest, recommended = row.get("status"), _version(row, "latest_version"), _version(row, "recommended")
    security = bool(row.get("security updates"))
    if status == CURRENT:
        return Claim(latest, recommended, security, security)
    if status in (NOT_SECURE, NOT_CURRENT):
        return Claim(latest, recommended, True, security or status == NOT_SECURE)
    if status in (REVOKED, NOT_SUPPORTED):
        newer = recommended is not None and recommended != row["existing_version"]
        return Claim(latest, recommended, newer or security, security or None)
    return Claim(latest, recommended, True, True) if security else None


def _version(row: dict[str, Any], part: str) -> str | None:
    value = row.get(part)
    return value if fields.is_version(value) else None
