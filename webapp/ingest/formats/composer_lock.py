"""composer.lock: what Composer installs, by exact version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from webapp.fleet.values import InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems, is_machine_name, is_project
from webapp.ingest.formats.packages import CORE, split_package
from webapp.kit.errors import Invalid

NAME: Final = "composer.lock"
SPEAKS: Final = frozenset({"packages"})

# What a lock file has beside its packages; vendor/composer/installed.json, which has packages too, has none of it.
_MARKS: Final = frozenset({"content-hash", "hash", "packages-dev", "minimum-stability", "_readme",
                           "plugin-api-version"})

# drupal-module, drupal-custom-theme, and sites' own spellings such as drupal-custom-module-rooms-site.
extension_type = re.compile(r"drupal-(?:custom-)?(module|theme|profile)(?![a-z])").match
_project_source = re.compile(r"drupalcode\.org/(?:project/)?([a-z0-9_]+)").search
_project_page = re.compile(r"drupal\.org/project/([a-z0-9_]+)").search


@dataclass(slots=True)
class Lock:
    """A lock file as a report, and what only it can tell when it comes with other documents.

    `names` leads from package names to the names here; `spelled` are those whose version is in Drupal's own spelling.
    """

    report: InventoryReport
    names: dict[str, str]
    spelled: frozenset[str]


@dataclass(slots=True)
class _Package:
    """One package of the lock. `spelling` is the version that drupal.org put in `extra`; other packages have none."""

    name: str
    version: str
    type: str
    spelling: str | None
    project: str | None
    datestamp: int | None


@format_of(NAME)
class ComposerLock:
    """Reads composer.lock, development packages included; what it does not list is not installed."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return fields.entries(document.get("packages")) is not None and not _MARKS.isdisjoint(document)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        return read_lock(document).report


def read_lock(document: dict[str, Any]) -> Lock:
    """The lock as a report, with its names. Raises `Invalid`, also for a lock without any package."""
    packages = _read_packages(document)
    names = _name_all(packages)
    modules = [_module(package, names[package.name]) for package in packages]
    core = next((module.version for module in modules if module.name == "drupal"), None)
    spelled = frozenset(names[package.name] for package in packages if package.spelling or package.name == CORE)
    return Lock(InventoryReport((NAME,), modules, speaks=SPEAKS, core_version=core), names, spelled)


def _read_packages(document: dict[str, Any]) -> list[_Package]:
    rows: list[tuple[str, Any]] = []
    for part in ("packages", "packages-dev"):
        listed = fields.entries(document.get(part, []))
        if listed is None:
            raise Invalid.at(part, "Not a list of packages.")
        rows += [(f"{part}.{index}", row) for index, row in enumerate(listed)]
    if len(rows) > fields.MODULES_MAX:
        raise Invalid.at("packages", fields.TOO_MANY)
    if not rows:
        raise Invalid.at("packages", "The lock lists no package: that would remove everything.")
    problems, packages = Problems(), []
    seen: set[str] = set()
    for at, row in rows:
        package = _read_package(row, at, problems)
        if package and package.name in seen:
            problems.add(f"{at}.name", fields.TWICE)
        elif package:
            seen.add(package.name)
            packages.append(package)
        if problems.full:
            break
    problems.check()
    return packages


def _read_package(row: Any, at: str, problems: Problems) -> _Package | None:
    if not isinstance(row, dict):
        problems.add(at, fields.NOT_AN_OBJECT)
        return None
    name, version, kind = fields.package_name(row.get("name")), row.get("version"), row.get("type")
    if name is None:
        problems.add(f"{at}.name", fields.PACKAGE_WRONG)
    if not isinstance(version, str) or not fields.is_version(version):
        problems.add(f"{at}.version", fields.VERSION_WRONG)
    elif name is not None:
        spelling = _drupal_version(row)
        project = _project(row) if spelling else None
        return _Package(name, version, kind if isinstance(kind, str) else "", spelling, project, _datestamp(row, spelling))
    return None


def _drupal_version(row: dict[str, Any]) -> str | None:
    """The version as drupal.org spells it (8.x-1.14 where Composer has 1.14.0); None where it is not from there."""
    extra = row.get("extra")
    drupal = extra.get("drupal") if isinstance(extra, dict) else None
    version = drupal.get("version") if isinstance(drupal, dict) else None
    return version if isinstance(version, str) and fields.is_version(version) else None


def _datestamp(row: dict[str, Any], version: str | None) -> int | None:
    """When drupal.org made a development version, as it put it in `extra`."""
    extra = row.get("extra")
    drupal = extra.get("drupal") if isinstance(extra, dict) else None
    return fields.datestamp(drupal.get("datestamp"), version) if isinstance(drupal, dict) else None


def _project(row: dict[str, Any]) -> str | None:
    """The drupal.org project of a package from there: drupal/ctools_views, say, belongs to the project ctools."""
    support, page = row.get("support"), row.get("homepage")
    source = support.get("source") if isinstance(support, dict) else None
    found = _project_source(source) if isinstance(source, str) else None
    if found is None and isinstance(page, str):
        found = _project_page(page)
    return found[1][:fields.NAME_MAX] if found else None


def _name_all(packages: list[_Package]) -> dict[str, str]:
    """The name of each package here; drupal.org's come first, so that another vendor's token is not named `token`."""
    names: dict[str, str] = {}
    taken = {"drupal"}
    for package in sorted(packages, key=lambda package: not package.name.startswith("drupal/")):
        _, rest = split_package(package.name)
        if package.name == CORE:
            names[package.name] = "drupal"
        elif _extension_kind(package) and is_machine_name(rest) and rest not in taken:
            names[package.name] = rest
            taken.add(rest)
        else:
            names[package.name] = package.name
    return names


def _extension_kind(package: _Package) -> str | None:
    """Module, theme or profile; None for what Drupal cannot enable."""
    known = extension_type(package.type)
    if known:
        return known[1]
    # drupal.org makes metapackages for modules that live in another project, and some mirrors drop the type.
    published = package.spelling is not None and package.name.startswith("drupal/")
    return "module" if published and package.type in ("", "metapackage") else None


def _module(package: _Package, name: str) -> ReportedModule:
    vendor, rest = split_package(package.name)
    version = package.spelling or package.version
    if name == "drupal":
        return ReportedModule(name, version, "core", "drupal", source="packages")
    kind = "library" if name == package.name else _extension_kind(package) or "module"
    project = package.project or (rest if is_project(rest) else None)
    if vendor != "drupal" or (kind == "library" and not package.spelling):
        project = None
    return ReportedModule(name, version, kind, project, source="packages", datestamp=package.datestamp)
