"""`drush pm:security --format=json` (and `pm:security-php`) of Drush 9 to 11; Drush 12 has removed both."""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import Claim, InventoryReport
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems, path_of
from webapp.ingest.formats.packages import module_name
from webapp.kit.errors import Invalid

NAME: Final = "drush pm:security"
_FIELDS: Final = frozenset({"name", "version", "time", "advisories"})


@format_of(NAME, keyed_by_site=True)
class PmSecurity:
    """Reads which packages need a security update: statements that neither add nor remove a module.

    Whom it does not name it does not clear: the list that it asks has not been kept since 2024.
    """

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return bool(document) and all("/" in key and _is_row(row) for key, row in document.items())

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        if len(document) > fields.MODULES_MAX:
            raise Invalid(fields.TOO_MANY)
        problems, claims = Problems(), {}
        for key in document:
            package = fields.package_name(key)
            if package is None:
                problems.add(path_of(key), fields.PACKAGE_WRONG)
            else:
                claims[module_name(package)] = Claim(update_available=True, security_update=True)
            if problems.full:
                break
        problems.check()
        return InventoryReport((NAME,), [], speaks=frozenset(), claims=claims)


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and "version" in row and row.keys() <= _FIELDS
