"""SonarQube's measures of one component (`api/measures/component`), with the keys of older and of newer servers.

Values are texts. What a server counts since a version only (`new_…`, in `period`) is not read.
"""

from __future__ import annotations

from typing import Any, Final

from webapp.insights.formats import Reading, format_of, lines, whole
from webapp.kit.errors import Invalid

COUNTS: Final = {"code_smells": ("code_smells", "software_quality_maintainability_issues"),
                 "bugs": ("bugs", "software_quality_reliability_issues"),
                 "vulnerabilities": ("vulnerabilities", "software_quality_security_issues")}
DEBT: Final = ("sqale_index", "software_quality_maintainability_remediation_effort")


@format_of("sonarqube", is_xml=False)
class SonarQube:
    @staticmethod
    def recognises(document: Any) -> bool:
        component = document.get("component") if isinstance(document, dict) else None
        return isinstance(component, dict) and isinstance(component.get("measures"), list)

    @staticmethod
    def read(document: Any) -> Reading:
        told = {each.get("metric"): each.get("value") for each in document["component"]["measures"] if isinstance(each, dict)}
        found: Reading = {name: whole(_first(told, keys)) for name, keys in COUNTS.items()}
        found["technical_debt_minutes"] = whole(_first(told, DEBT))
        found["security_issues"] = _security(found["vulnerabilities"], whole(_text(told.get("security_hotspots"))))
        found |= _coverage(told)
        if not any(value is not None for value in found.values()):
            raise Invalid("The document has none of the measures that are kept here.")
        return found


def _coverage(told: dict[Any, Any]) -> Reading:
    """Lines where the server counts them, since they can be added up; else its percentage."""
    to_cover, uncovered = (whole(_text(told.get(name))) for name in ("lines_to_cover", "uncovered_lines"))
    if to_cover is not None and uncovered is not None:
        return lines(max(to_cover - uncovered, 0), to_cover)
    share = _text(told.get("coverage"))
    if share is None:
        return {"test_coverage": None}
    try:
        found = float(share)
    except ValueError:
        raise Invalid("The coverage in the document is no number.") from None
    if not 0 <= found <= 100:
        raise Invalid("The coverage in the document is no percentage.")
    return {"test_coverage": found}


def _security(vulnerabilities: int | None, hotspots: int | None) -> int | None:
    """What is to be looked at: vulnerabilities, and hotspots that wait for a review."""
    return None if vulnerabilities is None and hotspots is None else (vulnerabilities or 0) + (hotspots or 0)


def _first(told: dict[Any, Any], keys: tuple[str, ...]) -> str | None:
    return next((_text(told[key]) for key in keys if told.get(key) is not None), None)


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, (dict, list)) else str(value)
