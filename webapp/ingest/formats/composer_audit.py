"""`composer audit --format=json`: which installed packages have known advisories."""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import Claim, InventoryReport
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems, path_of
from webapp.ingest.formats.packages import module_name

NAME: Final = "composer audit"


@format_of(NAME)
class ComposerAudit:
    """Reads an audit: statements on the security of modules, which neither add nor remove any."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return isinstance(document.get("advisories"), dict | list)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        problems = Problems()
        # What the site's configuration ignores is neither found nor cleared: a claim that says nothing.
        claims = {module_name(package): Claim() for package in _packages(document, "ignored-advisories", problems)}
        for package in _packages(document, "advisories", problems):
            claims[module_name(package)] = Claim(update_available=True, security_update=True)
        problems.check()
        # A package repository that did not answer may have had something to say on anything.
        complete = not document.get("unreachable-repositories")
        return InventoryReport((NAME,), [], speaks=frozenset(), claims=claims, claims_security_of_all=complete)


def _packages(document: dict[str, Any], part: str, problems: Problems) -> list[str]:
    """The packages that have at least one advisory in this part of the document."""
    listed = {} if document.get(part) is None else fields.mapping(document[part])
    if listed is None:
        problems.add(part, "Not an object of packages.")
        return []
    if len(listed) > fields.MODULES_MAX:
        problems.add(part, fields.TOO_MANY)
        return []
    found = []
    for key, value in listed.items():
        package = fields.package_name(key)
        if package is None:
            problems.add(f"{part}.{path_of(key)}", fields.PACKAGE_WRONG)
        elif not isinstance(value, list | dict):  # PHP makes an object of a filtered list
            problems.add(f"{part}.{path_of(key)}", "Not a list of advisories.")
        elif value:
            found.append(package)
        if problems.full:
            break
    return found
