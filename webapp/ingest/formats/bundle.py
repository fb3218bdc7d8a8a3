"""A bundle: several documents of one site in one body, `{"documents": {"composer.lock": …, "pm:list": …}}`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from webapp.fleet.values import InventoryReport
from webapp.ingest.formats import FORMATS, fields, format_of
from webapp.ingest.formats.composer_lock import Lock, read_lock
from webapp.ingest.formats.core_extension import CoreExtension, read_core_extension
from webapp.ingest.formats.fields import Problems, path_of
from webapp.ingest.formats.merge import Parts, merge
from webapp.ingest.formats.texts import TEXT, what_text_is
from webapp.kit.errors import Detail, Invalid

FIELDS: Final = frozenset({"documents", "reported_at"})
LOCK: Final = "composer.lock"
EXTENSION: Final = "core.extension"

# The documents that a bundle takes, and the formats that read them. Two outputs of one Composer command differ only in
# their options, so that either is taken under either name.
DOCUMENTS: Final = {
    LOCK: (LOCK,),
    "composer show": ("composer show", "composer outdated"),
    "composer outdated": ("composer outdated", "composer show"),
    "composer audit": ("composer audit",),
    "drush pm:list": ("drush pm:list",),
    EXTENSION: (),
    "drush core:status": ("drush core:status",),
    "drush core:requirements": ("drush core:requirements",),
    "drush updatedb:status": ("drush updatedb:status",),
    "drush pm:security": ("drush pm:security",),
    "update_calculate_project_data": ("update_calculate_project_data",),
    "CycloneDX": ("CycloneDX",),
    "Warden": ("Warden",),
    "PreviousNext snapshot": ("PreviousNext snapshot",),
}
_BY_KEY: Final = {key: name for name in DOCUMENTS
                  for key in (name, name.removeprefix("composer ").removeprefix("drush "))}

EMPTY: Final = "It is empty. A command that failed or was removed prints nothing, so nothing is read from it."
OTHER_SHAPE: Final = "It is not what this document looks like."


@format_of("bundle", hint='{"documents": {…}}')
class Bundle:
    """Reads each document by its key and merges them: the lock says what is there, pm:list what is enabled."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool:
        return "documents" in document

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport:
        problems = Problems()
        for key in sorted(document.keys() - FIELDS):
            problems.add(path_of(key), fields.UNKNOWN)
        problems.check()
        moment = _reported_at(document)
        documents = document["documents"]
        if not isinstance(documents, dict) or not documents:
            raise Invalid.at("documents", "An object with at least one document is required.")
        parts = Parts()
        for key, name in _names(documents).items():
            _read_part(parts, key, name, documents[key])
        report = merge(parts)
        report.reported_at = moment or report.reported_at
        return report


def _reported_at(document: dict[str, Any]) -> datetime | None:
    given = document.get("reported_at")
    moment = fields.read_time(given)
    if moment is None and given is not None:
        raise Invalid.at("reported_at", fields.TIME_WRONG)
    return moment


def _names(documents: dict[str, Any]) -> dict[str, str]:
    """The document behind each key. Raises `Invalid` for keys that are not known, or that mean the same document."""
    names: dict[str, str] = {}
    for key in documents:
        name = _BY_KEY.get(key)
        if name is None:
            raise Invalid.at(f"documents.{path_of(key)}", f"Not a document that is taken: {', '.join(DOCUMENTS)}.")
        if name in names.values():
            raise Invalid.at(f"documents.{path_of(key)}", "This document is there twice.")
        names[key] = name
    return names


def _read_part(parts: Parts, key: str, name: str, document: object) -> None:
    """Reads one document into the parts; what is wrong with it is named by its place in the bundle."""
    at = f"documents.{path_of(key)}"
    if document in ("", [], {}, None) or (isinstance(document, str) and not document.strip()):
        raise Invalid.at(at, EMPTY)
    if not isinstance(document, dict):
        raise Invalid.at(at, (what_text_is(document) or TEXT) if isinstance(document, str) else OTHER_SHAPE)
    try:
        read = _read(name, document)
    except Invalid as error:
        details = [Detail(field=f"{at}.{each['field']}", message=each["message"]) for each in error.details]
        raise Invalid(error.message, details or [Detail(field=at, message=error.message)]) from error
    if isinstance(read, Lock):
        parts.lock = read
    elif isinstance(read, CoreExtension):
        parts.core_extension = read
    else:
        parts.add(read)


def _read(name: str, document: dict[str, Any]) -> Lock | CoreExtension | InventoryReport:
    if name == LOCK and FORMATS[LOCK].recognises(document):
        return read_lock(document)
    if name == EXTENSION:
        return read_core_extension(document)
    for candidate in DOCUMENTS[name]:
        if name != LOCK and FORMATS[candidate].recognises(document):
            return FORMATS[candidate].read(document)
    raise Invalid(OTHER_SHAPE)
