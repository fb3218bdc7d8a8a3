"""`composer show --format=json`: what is installed, or locked, without a word on types or updates."""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems
from webapp.ingest.formats.packages import untyped_module, without_reference
from webapp.kit.errors import Invalid

NAME: Final = "composer show"


@format_of(NAME)
class ComposerShow:
    """Reads the list that `composer show` prints, without `--latest`, for all packages."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        listed = rows_of(document)
        return bool(listed) and not any(has_latest(row) for _, row in listed)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        listed = rows_of(document)
        modules = read_rows(listed)
        # With --direct the output differs only in what it leaves out: a list of direct ones only is not all there is.
        partial = all(row.get("direct-dependency") is True for _, row in listed)
        core = next((module.version for module in modules if module.name == "drupal"), None)
        speaks: frozenset[str] = frozenset() if partial else frozenset({"packages"})
        return InventoryReport((NAME,), modules, speaks=speaks, core_version=core)


def rows_of(document: dict[str, Any]) -> list[tuple[str, Any]]:
    """The listed packages with their field paths; none where the document is no such list."""
    for part in ("installed", "locked"):
        listed = fields.entries(document.get(part))
        if listed is not None:
            return [(f"{part}.{index}", row) for index, row in enumerate(listed)]
    return []


def has_latest(row: object) -> bool:
    """Whether a row speaks of updates."""
    return isinstance(row, dict) and not row.keys().isdisjoint(("latest", "latest-status"))


def read_rows(rows: list[tuple[str, Any]]) -> list[ReportedModule]:
    """The packages as modules, in order. Raises `Invalid` for wrong names and versions, and where no row has one."""
    if len(rows) > fields.MODULES_MAX:
        raise Invalid.at(rows[0][0].split(".")[0], fields.TOO_MANY)
    problems, modules = Problems(), []
    seen: set[str] = set()
    if rows and not any(isinstance(row, dict) and "version" in row for _, row in rows):
        raise Invalid.at(rows[0][0].split(".")[0], "It lists names without versions: run it without --name-only.")
    for at, row in rows:
        module = _read_row(row, at, problems)
        if module and module.name in seen:
            problems.add(f"{at}.name", fields.TWICE)
        elif module:
            seen.add(module.name)
            modules.append(module)
        if problems.full:
            break
    problems.check()
    return modules


def _read_row(row: Any, at: str, problems: Problems) -> ReportedModule | None:
    if not isinstance(row, dict):
        problems.add(at, fields.NOT_AN_OBJECT)
        return None
    package, version = fields.package_name(row.get("name")), row.get("version")
    if package is None:
        problems.add(f"{at}.name", fields.PACKAGE_WRONG)
    if version is not None and not fields.is_version(version):
        problems.add(f"{at}.version", fields.VERSION_WRONG)
    elif package is not None:
        return untyped_module(package, without_reference(version) if version else None)
    return None
