"""`composer outdated --format=json` (and `composer show --latest`): which packages have newer versions."""

from __future__ import annotations

from typing import Any, Final

from webapp.fleet.values import Claim, InventoryReport
from webapp.ingest.formats import fields, format_of
from webapp.ingest.formats.composer_show import has_latest, read_rows, rows_of
from webapp.ingest.formats.packages import without_reference

NAME: Final = "composer outdated"
NONE_MATCHED: Final = "[none matched]"


@format_of(NAME)
class ComposerOutdated:
    """Reads a list with latest versions; it lists only some packages, so it never removes any."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        listed = rows_of(document)
        if not listed:  # what Composer prints where nothing is outdated; a site has always some package to show
            return any(fields.entries(document.get(part)) is not None for part in ("installed", "locked"))
        return any(has_latest(row) for _, row in listed)

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        listed = rows_of(document)
        modules = read_rows(listed)
        for module, (_, row) in zip(modules, listed, strict=True):
            module.claim = _claim(row, module.version)
        core = next((module.version for module in modules if module.name == "drupal"), None)
        return InventoryReport((NAME,), modules, speaks=frozenset(), core_version=core)


def _claim(row: dict[str, Any], version: str | None) -> Claim | None:
    """What the row says of updates; a `latest` that Composer could not find says nothing, least of all "up to date"."""
    latest, status = row.get("latest"), row.get("latest-status")
    if not isinstance(latest, str) or latest == NONE_MATCHED or not fields.is_version(latest):
        return None
    latest = without_reference(latest)
    available = status != "up-to-date" if isinstance(status, str) else None
    return Claim(latest_version=None if latest == version else latest, update_available=available)
