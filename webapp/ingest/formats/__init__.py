"""The payload formats: what a site may post, each read into one `InventoryReport`.

A format is one file of this folder that registers itself with `format_of`. Reading is pure: no request, no database.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from webapp.fleet.values import InventoryReport
from webapp.kit.errors import Invalid


class Reader(Protocol):
    """What a format's class has to offer."""

    @staticmethod
    def recognises(document: dict[str, Any]) -> bool: ...

    @staticmethod
    def read(document: dict[str, Any]) -> InventoryReport: ...


R = TypeVar("R", bound=Reader)


@dataclass(frozen=True, slots=True)
class Format:
    """One registered format: `recognises` tells by the shape alone, `read` raises `Invalid` with what is wrong.

    `keyed_by_site` says that the document's own keys are names from the site, any of which (a module called
    `documents`, say) may look like another format's mark: such formats look at all of it, and are asked first.
    """

    name: str
    recognises: Callable[[dict[str, Any]], bool]
    read: Callable[[dict[str, Any]], InventoryReport]
    hint: str
    keyed_by_site: bool


FORMATS: dict[str, Format] = {}


def format_of(name: str, *, hint: str = "", keyed_by_site: bool = False) -> Callable[[type[R]], type[R]]:
    """A class decorator that registers a reader under the name people know the format by; `hint` shows its shape."""

    def register(reader: type[R]) -> type[R]:
        if name in FORMATS:
            raise ValueError(f"Two formats are named {name}.")
        FORMATS[name] = Format(name, reader.recognises, reader.read, hint, keyed_by_site)
        return reader

    return register


def recognise(document: object) -> Format | None:
    """The format that a parsed JSON document has, by its shape alone; None where it has none."""
    if not isinstance(document, dict):
        return None
    candidates = sorted(FORMATS.values(), key=lambda each: not each.keyed_by_site)
    return next((each for each in candidates if each.recognises(document)), None)


def read_document(document: object) -> InventoryReport:
    """What a parsed JSON document says is installed, whatever its format.

    Raises `Invalid` where the shape is unknown (the message lists what is taken) or values are wrong. Whether
    `reported_at` lies in the future is not checked here: reading knows no clock.
    """
    found = recognise(document)
    if found is None or not isinstance(document, dict):
        taken = ", ".join(f"{FORMATS[name].name} {FORMATS[name].hint}".strip() for name in sorted(FORMATS))
        raise Invalid(f"This is none of the documents that are taken. Those are, as JSON: {taken}.")
    return found.read(document)


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
