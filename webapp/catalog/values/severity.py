"""How grave an advisory is: Drupal's own risk score first, else CVSS, else unknown, which is never taken for low."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cvss import CVSS2, CVSS3, CVSS4, CVSSError


class Severity(StrEnum):
    """The four deadlines that an organization can set, and what nobody has judged yet."""

    CRITICAL = "critical"
    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    UNKNOWN = "unknown"


ORDER: Final = {Severity.CRITICAL: 0, Severity.HIGH: 1, Severity.UNKNOWN: 2, Severity.MODERATE: 3, Severity.LOW: 4}
"""Worst first; what is not judged stands before what is judged moderate, as its deadline does (contract §3)."""

WEIGHTS: Final = {
    "AC": {"none": 4, "basic": 2, "complex": 1},
    "A": {"none": 4, "user": 2, "admin": 1},
    "CI": {"all": 5, "some": 3, "none": 0},
    "II": {"all": 5, "some": 3, "none": 0},
    "E": {"exploit": 4, "proof": 2, "theoretical": 1},
    "TD": {"all": 3, "default": 2, "uncommon": 1},
}
LEVELS: Final = ((20, "Highly critical"), (15, "Critical"), (10, "Moderately critical"), (5, "Less critical"), (0, "Not critical"))
OF_LEVEL: Final = {"highly critical": Severity.CRITICAL, "critical": Severity.HIGH, "moderately critical": Severity.MODERATE,
                   "less critical": Severity.LOW, "not critical": Severity.LOW}
OF_WORD: Final = {"critical": Severity.CRITICAL, "high": Severity.HIGH, "important": Severity.HIGH, "moderate": Severity.MODERATE,
                  "medium": Severity.MODERATE, "low": Severity.LOW}
LONGEST: Final = 200
_METRIC = re.compile(r"([A-Za-z]{1,2}):([A-Za-z]+)", re.ASCII)
_BETWEEN = re.compile("[\\s/\u2215\u2009\u00a0]*")
_LEVEL = re.compile(r"\b(highly critical|moderately critical|less critical|not critical|critical)\b", re.IGNORECASE)


class BadRisk(ValueError):
    """A text that is no risk string; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk string of drupal.org, its score from 0 to 25, and the level that drupal.org gives it."""

    vector: str
    score: int
    level: str

    @property
    def severity(self) -> Severity:
        return OF_LEVEL[self.level.lower()]


def read_risk(text: str) -> Risk:
    """The risk of a string such as `AC:Basic/A:User/CI:Some/II:Some/E:Theoretical/TD:Default`; raises BadRisk.

    Metrics may stand in any order and any case, and between them slashes, U+2215 or spaces, as they do in drupal.org's
    pages. Each of the six has to be there once. Source: drupal.org/security-team/risk-levels; the points of `E:Exploit`
    are those of the published scores (4), not of the page's table.
    """
    if len(text) > LONGEST:
        raise BadRisk(f"it is longer than {LONGEST} characters")
    given: dict[str, str] = {}
    place = _BETWEEN.match(text).end()  # type: ignore[union-attr]
    while place < len(text):
        found = _METRIC.match(text, place)
        if found is None:
            raise BadRisk("it is no list of metrics, such as AC:None/A:User/…")
        name, value = found[1].upper(), found[2].lower()
        if name not in WEIGHTS or value not in WEIGHTS[name]:
            raise BadRisk(f"it has a metric that drupal.org does not know: {name}:{found[2]}")
        if name in given:
            raise BadRisk(f"it has the metric {name} twice")
        given[name] = value
        place = _BETWEEN.match(text, found.end()).end()  # type: ignore[union-attr]
    missing = [name for name in WEIGHTS if name not in given]
    if missing:
        raise BadRisk(f"it lacks {', '.join(missing)}")
    score = sum(WEIGHTS[name][value] for name, value in given.items())
    vector = "/".join(f"{name}:{given[name].capitalize()}" for name in WEIGHTS)
    return Risk(vector, score, next(level for least, level in LEVELS if score >= least))


def severity_of_title(title: str) -> Severity | None:
    """The severity of a title of drupal.org's, `Webform - Moderately critical - Access bypass - SA-…`; None without a level."""
    found = _LEVEL.search(title)
    return OF_LEVEL[found[1].lower()] if found else None


def severity_of_cvss(vector: str) -> tuple[float, Severity] | None:
    """Base score and severity of a CVSS vector of version 2, 3 or 4; None for what is none. A score of 0 is low."""
    kinds: dict[str, Any] = {"CVSS:4": CVSS4, "CVSS:3": CVSS3}
    kind = next((each for sign, each in kinds.items() if vector.startswith(sign)), CVSS2)
    try:
        read = kind(vector)
        score = float(read.base_score)
    except (CVSSError, ValueError, KeyError):
        return None
    if score >= 9:
        return score, Severity.CRITICAL
    if score >= 7:
        return score, Severity.HIGH
    return score, Severity.MODERATE if score >= 4 else Severity.LOW


def severity_of_word(word: object) -> Severity | None:
    """The severity that a database names itself (GitHub's `MODERATE`, Composer's `medium`); None for other words."""
    return OF_WORD.get(word.strip().lower()) if isinstance(word, str) else None
