"""What lists say of versions beside Drupal's verdict and the advisories: marks, of one kind each, with no date, id or reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Mark(StrEnum):
    """The kinds, the gravest first. The last two say that no version for that Drupal was to be had from this one on."""

    INSECURE = "insecure"
    UNSUPPORTED = "unsupported"
    DEPRECATED = "deprecated"
    NO_DRUPAL_10 = "no_drupal_10"
    NO_DRUPAL_11 = "no_drupal_11"


RISKS = (Mark.UNSUPPORTED, Mark.DEPRECATED)
"""Marks that are a risk of their own, though nobody has published a hole."""


@dataclass(frozen=True, slots=True)
class MarkList:
    """One list: Composer's constraint on the marked versions, by project. `refused` are projects whose constraint cannot be read."""

    source: str
    kind: Mark
    constraints: Mapping[str, str]
    refused: tuple[str, ...] = field(default=())
