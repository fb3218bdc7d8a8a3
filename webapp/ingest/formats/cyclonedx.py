"""A CycloneDX document as JSON (cyclonedx.org, 1.2 and later): the Composer packages among its components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from webapp.fleet.values import Claim, InventoryReport, ReportedModule
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.composer_lock import extension_type
from webapp.ingest.formats.fields import Problems, is_machine_name
from webapp.ingest.formats.packages import CORE, split_package, untyped_module
from webapp.kit.errors import Invalid

NAME: Final = "CycloneDX"
PURL: Final = "pkg:composer/"
COMPONENTS_MAX: Final = 20_000
NO_PACKAGE: Final = "It has no component of Composer (purl pkg:composer/…)."
# What an analyst has written off (CycloneDX: vulnerabilities[].analysis.state).
_HARMLESS: Final = frozenset({"resolved", "resolved_with_pedigree", "false_positive", "not_affected"})


@format_of(NAME, hint='{"bomFormat": "CycloneDX"}')
class CycloneDX:
    """Reads a bill of materials like a lock file; components of other ecosystems are left out.

    Its `metadata.timestamp` says when the document was made, not when the site was looked at, and is not read.
    """

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return document.get("bomFormat") == "CycloneDX"

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        problems, modules, refs = Problems(), dict[str, ReportedModule](), dict[str, str]()
        for at, component in _components(document):
            module = _read(component, at, problems)
            if module is not None:
                modules.setdefault(module.name, module)  # one package may be there for several parents
                refs[str(component.get("bom-ref"))] = refs[str(component.get("purl"))] = module.name
            if problems.full:
                break
        problems.check()
        if not modules:
            raise Invalid.at("components", NO_PACKAGE)
        if len(modules) > fields.MODULES_MAX:
            raise Invalid.at("components", fields.TOO_MANY)
        core = modules.get("drupal")
        return InventoryReport((NAME,), list(modules.values()), speaks=frozenset({"packages"}) if _is_whole(document) else frozenset(),
                               core_version=core.version if core else None, claims=_claims(document, refs))


def _components(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every component with its place, also those inside others. Raises `Invalid` for what is no list, and for too many."""
    waiting, count = [("components", document.get("components"))], 0
    while waiting:
        at, listed = waiting.pop()
        rows = [] if listed is None else fields.entries(listed)
        if rows is None:
            raise Invalid.at(at, "Not a list of components.")
        count += len(rows)
        if count > COMPONENTS_MAX:
            raise Invalid.at("components", f"A document has {COMPONENTS_MAX:,} components at most.")
        for index, row in enumerate(rows):
            place = f"{at}.{index}"
            if not isinstance(row, dict):
                raise Invalid.at(place, fields.NOT_AN_OBJECT)
            yield place, row
            if row.get("components"):
                waiting.append((f"{place}.components", row["components"]))


def _read(component: dict[str, Any], at: str, problems: Problems) -> ReportedModule | None:
    """The component as a module; None for what is not Composer's, and for what is wrong (said in problems)."""
    purl = component.get("purl")
    if not isinstance(purl, str) or not purl.lower().startswith(PURL):
        return None
    path, _, tail = purl[len(PURL):].split("?")[0].split("#")[0].partition("@")
    package = fields.package_name(unquote(path))
    if package is None:
        problems.add(f"{at}.purl", fields.PACKAGE_WRONG)
        return None
    version = component.get("version") or unquote(tail) or None
    if version is not None and not fields.is_version(version):
        problems.add(f"{at}.version", fields.VERSION_WRONG)
        return None
    return _typed(untyped_module(package, version), package, component)


def _typed(module: ReportedModule, package: str, component: dict[str, Any]) -> ReportedModule:
    """The module with Composer's own type, where the tool has written it down (cdx:composer:package:type)."""
    for each in fields.entries(component.get("properties")) or ():
        if isinstance(each, dict) and each.get("name") == "cdx:composer:package:type" and isinstance(each.get("value"), str):
            vendor, rest = split_package(package)
            kind = extension_type(each["value"])
            if package == CORE:
                return module
            if kind and is_machine_name(rest):
                return ReportedModule(rest, module.version, kind[1], rest if vendor == "drupal" else None, source="packages")
            if not kind and module.type == "module" and each["value"] != "metapackage":
                return ReportedModule(package, module.version, "library", source="packages")
    return module


def _is_whole(document: dict[str, Any]) -> bool:
    """Whether the document says nowhere that it is incomplete."""
    compositions = fields.entries(document.get("compositions")) or ()
    return not any(isinstance(each, dict) and str(each.get("aggregate", "")).startswith("incomplete") for each in compositions)


def _claims(document: dict[str, Any], refs: dict[str, str]) -> dict[str, Claim]:
    """The packages that the document says are vulnerable, and not written off."""
    found: dict[str, Claim] = {}
    for row in fields.entries(document.get("vulnerabilities")) or ():
        if not isinstance(row, dict):
            continue
        analysis = row.get("analysis")
        if isinstance(analysis, dict) and str(analysis.get("state")) in _HARMLESS:
            continue
        for each in fields.entries(row.get("affects")) or ():
            name = refs.get(str(each.get("ref"))) if isinstance(each, dict) else None
            if name:
                found[name] = Claim(update_available=None, security_update=True)
    return found
