"""`drush updatedb:status --format=json`: database updates that wait to be run.

Drush prints nothing at all where none waits, which is the same as what a failed command prints: that is refused, not read.
"""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import InventoryReport
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.fields import Problems, is_machine_name, path_of

NAME: Final = "drush updatedb:status"


@format_of(NAME, keyed_by_site=True)
class UpdatedbStatus:
    """Reads which modules wait for database updates; it knows no versions, so it changes no module."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return bool(document) and all(_is_row(row) for row in document.values())

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        problems, waiting = Problems(), dict[str, int]()
        for key, row in document.items():
            module = row["module"]
            if not isinstance(module, str) or not is_machine_name(module):
                problems.add(f"{path_of(key)}.module", "Not a Drupal machine name (a-z, 0-9 and _, not starting with a digit).")
            else:
                waiting[module] = waiting.get(module, 0) + 1
            if problems.full:
                break
        problems.check()
        if len(waiting) > fields.MODULES_MAX:
            problems.add("updates", fields.TOO_MANY)
            problems.check()
        return InventoryReport((NAME,), [], speaks=frozenset(), database_updates=waiting)


def _is_row(row: object) -> bool:
    """`update_id` is a number for update hooks and a name for post-updates; Drush 8 has no `type`."""
    return isinstance(row, dict) and "module" in row and isinstance(row.get("update_id"), str | int)
