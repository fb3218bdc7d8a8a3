"""The documents in which tools tell what they measured of code, each read into the fields of a measurement.

A format is one file of this folder that registers itself with `format_of`, and is told by its shape. Reading is pure: nothing is
fetched, and XML is read with entities and external references refused (defusedxml); a DOCTYPE, as older coverage reports have one, is
passed over.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from webapp.kit.errors import Invalid, Malformed

Reading = dict[str, Any]
"""Fields of a measurement; `measured_at` where the document says when it was made."""
SECONDS_MOST = 32_503_680_000


class Reader(Protocol):
    """What a format's class has to offer."""

    @staticmethod
    def recognises(document: Any) -> bool: ...

    @staticmethod
    def read(document: Any) -> Reading: ...


R = TypeVar("R", bound=Reader)


@dataclass(frozen=True, slots=True)
class Format:
    """One registered format; `is_xml` says that it is of an XML document's root element, else of a JSON document."""

    name: str
    is_xml: bool
    recognises: Callable[[Any], bool]
    read: Callable[[Any], Reading]


FORMATS: dict[str, Format] = {}


def format_of(name: str, *, is_xml: bool) -> Callable[[type[R]], type[R]]:
    """A class decorator that registers a reader under the name that a measurement keeps."""

    def register(reader: type[R]) -> type[R]:
        if name in FORMATS:
            raise ValueError(f"Two formats are named {name}.")
        FORMATS[name] = Format(name, is_xml, reader.recognises, reader.read)
        return reader

    return register


def read_xml(raw: bytes) -> Reading:
    """A coverage report; Malformed for what is no XML, Invalid for XML that is hostile or of no known shape."""
    try:
        root: Element = fromstring(raw)
    except DefusedXmlException:
        raise Invalid("XML with entities or external references is not taken.") from None
    except (ParseError, ValueError, LookupError):
        raise Malformed("The body is not XML.") from None
    return _read(root, is_xml=True)


def read_json(document: Mapping[str, Any]) -> Reading | None:
    """A tool's JSON document; None for one of no tool, which is the contract's own or wrong."""
    return _read(document, is_xml=False) if any(each.recognises(document) for each in FORMATS.values() if not each.is_xml) else None


def _read(document: Any, *, is_xml: bool) -> Reading:
    for each in FORMATS.values():
        if each.is_xml == is_xml and each.recognises(document):
            return {**each.read(document), "format": each.name}
    raise Invalid("This is no Clover or Cobertura report.")


def whole(text: str | None) -> int | None:
    """A count as documents write it; None where there is none. Invalid for what is none."""
    if text is None or not str(text).strip():
        return None
    try:
        number = int(float(text))
    except (ValueError, OverflowError):
        raise Invalid("A count in the document is no number.") from None
    if not 0 <= number < 2**31:
        raise Invalid("A count in the document is too large, or below 0.")
    return number


def moment(text: str | None) -> datetime | None:
    """A time in seconds or milliseconds since 1970; None where there is none that can be meant."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    if seconds > SECONDS_MOST:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < SECONDS_MOST else None


def lines(covered: int | None, to_cover: int | None) -> Reading:
    """Both counts of lines; Invalid where more are covered than there are, or one is missing."""
    if covered is None or to_cover is None:
        raise Invalid("The report does not say how many lines there are and how many are covered.")
    if covered > to_cover:
        raise Invalid("The report says that more lines are covered than there are.")
    return {"lines_covered": covered, "lines_to_cover": to_cover}


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
