"""`drush pm:list --format=json`: the extensions Drupal sees, and which of them are enabled."""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems, is_machine_name, is_project, path_of
from webapp.ingest.formats.packages import core_module
from webapp.kit.errors import Invalid

NAME: Final = "drush pm:list"
NO_VERSIONS: Final = "It lists no versions: run pm:list with the version field."
_KINDS: Final = frozenset({"module", "theme", "profile", "theme_engine"})


@format_of(NAME, keyed_by_site=True)
class PmList:
    """Reads the list of extensions, whole or filtered: it speaks only for the kinds of extension that it shows."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return bool(document) and all(_is_row(row) for row in document.values())

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        rows = {key: row for key, row in document.items() if isinstance(row, dict)}
        if not rows or len(rows) < len(document):
            raise Invalid("This is not what pm:list prints: an object of extensions by machine name.")
        if len(rows) > fields.MODULES_MAX:
            raise Invalid(fields.TOO_MANY)
        if not any("version" in row for row in rows.values()):
            raise Invalid(NO_VERSIONS)
        modules = _read_rows(rows)
        of_core = [module for module in modules if module.project == "drupal" and module.type != "core"]
        core = next((module.version for module in of_core if module.version), None)
        speaks = _speaks(modules)
        if core and not any(module.name == "drupal" for module in modules):
            modules.append(core_module(core))
        only_enabled = not any(_status(row) == "disabled" for row in rows.values())
        return InventoryReport((NAME,), modules, speaks=speaks, absent_means_disabled=bool(speaks) and only_enabled,
                               core_version=core)


def _is_row(row: object) -> bool:
    """Whether it is a row of pm:list with its usual fields, some of them perhaps not asked for.

    Other outputs of Drush share a field with it: watchdog:show `type`, config:status `name`, update data `status`.
    """
    if not isinstance(row, dict) or not row.keys().isdisjoint(("severity", "info", "releases", "message")):
        return False
    if isinstance(row.get("display_name"), str):
        return True
    others = ("type", "version", "package", "path", "name")
    return isinstance(row.get("status"), str) and not row.keys().isdisjoint(others)


def _status(row: dict[str, Any]) -> str | None:
    """enabled or disabled (older Drush: "not installed"); None where the field was not asked for."""
    status = row.get("status")
    if not isinstance(status, str) or not status.strip():
        return None
    return "enabled" if status.strip().lower() == "enabled" else "disabled"


def _read_rows(rows: dict[str, Any]) -> list[ReportedModule]:
    problems, modules = Problems(), []
    seen: set[str] = set()
    for key, row in rows.items():
        at = path_of(key)
        module = _read_row(key, row, at, problems)
        if module and module.name in seen:
            problems.add(f"{at}.name", fields.TWICE)
        elif module:
            seen.add(module.name)
            modules.append(module)
        if problems.full:
            break
    problems.check()
    return modules


def _read_row(key: str, row: dict[str, Any], at: str, problems: Problems) -> ReportedModule | None:
    given = row.get("name")
    name = given if isinstance(given, str) and is_machine_name(given) else key  # Drush 8 has the label in `name`
    if not is_machine_name(name):
        problems.add(f"{at}.name", "Not a Drupal machine name (a-z, 0-9 and _, not starting with a digit).")
        return None
    version = row.get("version")
    if isinstance(version, int | float) and not isinstance(version, bool):
        version = str(version)  # `version: 1.0` in a custom module's .info.yml is a number to YAML
    if version is not None and version != "" and not fields.is_version(version):
        problems.add(f"{at}.version", fields.VERSION_WRONG)
        return None
    status = _status(row)
    kind = str(row.get("type", "")).lower()
    return ReportedModule(name, str(version) if version else None, kind if kind in _KINDS else "module", _project(row),
                          _label(row, name), None if status is None else status == "enabled")


def _project(row: dict[str, Any]) -> str | None:
    """The project; core's own extensions name none but lie in core's folder (or, without a path, in its package)."""
    project, path = row.get("project"), row.get("path")
    if isinstance(project, str) and is_project(project):
        return project
    in_core = path.startswith("core/") if isinstance(path, str) and path else row.get("package") == "Core"
    return "drupal" if in_core else None


def _label(row: dict[str, Any], name: str) -> str | None:
    """The label without the machine name that Drush puts behind it."""
    label = row.get("display_name") or row.get("name")
    if not isinstance(label, str) or label == name:
        return None
    return fields.clean_text(label[:4 * fields.TEXT_MAX].rstrip().removesuffix(f"({name})"))


def _speaks(modules: list[ReportedModule]) -> frozenset[str]:
    """The domains of which this list is complete, as far as it shows.

    Filters leave no other trace: --no-core shows no core rows, --core no others, --type=theme no modules, and
    --status=disabled nothing enabled, which no whole list can be.
    """
    if not any(module.enabled for module in modules):
        return frozenset()
    themes = [module for module in modules if module.type in ("theme", "theme_engine")]
    if len(themes) == len(modules):
        return frozenset({"themes"})
    others = [module for module in modules if module.type not in ("theme", "theme_engine")]
    speaks = set()
    if any(module.project == "drupal" for module in others):
        speaks.add("core")
    if any(module.project != "drupal" for module in others):
        speaks.add("modules")
    if themes and any(module.project != "drupal" for module in modules):
        speaks.add("themes")
    return frozenset(speaks)
