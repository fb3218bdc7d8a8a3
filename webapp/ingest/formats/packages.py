"""What Composer's package names mean to Drupal; shared by all formats that Composer makes."""

from __future__ import annotations

import re
from typing import Final

from webapp.fleet.values import ReportedModule
from webapp.ingest.formats.fields import is_machine_name

CORE: Final = "drupal/core"

# Packages of vendor drupal that no site can enable; where a document names no types, only the name tells.
_TOOLS: Final = frozenset({"coder", "console", "drupal", "rat"})
# `composer show` puts the commit behind a branch ("dev-main 1a2b3c4"); a lock file does not, and both mean one version.
_reference = re.compile(r" [0-9a-f]{6,40}$")


def split_package(package: str) -> tuple[str, str]:
    """Vendor and rest of a package name."""
    vendor, _, rest = package.partition("/")
    return vendor, rest


def module_name(package: str) -> str:
    """The name a package has here, told by its own name alone: drupal/webform is `webform`, drupal/core `drupal`."""
    vendor, rest = split_package(package)
    if package == CORE:
        return "drupal"
    if vendor == "drupal" and is_machine_name(rest) and rest not in _TOOLS:
        return rest
    return package


def untyped_module(package: str, version: str | None) -> ReportedModule:
    """A package of a document that names no types: vendor drupal's is taken for a module, any other for a library."""
    name = module_name(package)
    if package == CORE:
        return ReportedModule(name, version, "core", "drupal", source="packages")
    if name == package:
        return ReportedModule(name, version, "library", source="packages")
    return ReportedModule(name, version, "module", name, source="packages")


def core_module(version: str | None) -> ReportedModule:
    """Drupal itself, as what runs the site says it is."""
    return ReportedModule("drupal", version, "core", "drupal", enabled=True)


def without_reference(version: str) -> str:
    """A version as a lock file spells it: without the commit that `composer show` puts behind a branch."""
    return _reference.sub("", version)
