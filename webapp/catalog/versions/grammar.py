"""The grammar that versions and constraints share, and the errors for what does not follow it."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

# Limits keep hostile text from costing time. The longest constraint seen, a list of 480 versions of one project, has
# 3,996 characters. Taking a constraint apart is quadratic in a run of white space: 2,000 spaces cost 5 ms.
LONGEST_VERSION = 255
LONGEST_CONSTRAINT = 8_192
LONGEST_BLANK = 64

# What PHP's trim() removes. str.strip() would also remove Unicode spaces, which Composer refuses.
BLANKS = " \t\n\r\0\x0b"

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]

STABILITIES = "stable|RC|beta|alpha|dev"

# PHP's \d, \s and case folding know ASCII only.
FLAGS = re.ASCII | re.IGNORECASE


class BadVersion(ValueError):
    """A text that is no version; `reason` says why without repeating the text, which may be a secret."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Not a version: {reason}.")


class BadConstraint(ValueError):
    """A text that is no version constraint; `reason` says why without repeating the text."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Not a version constraint: {reason}.")


def modifier(tag: str = "") -> str:
    """Return the pattern of what may follow the numbers: a stability, its serial number, and a dev mark.

    Groups `<tag>stability`, `<tag>serial`, `<tag>dev`. It also matches nothing at all, and a lone separator: Composer
    reads `1.2.` as `1.2`. The serial is possessive, so that a long run of digits is not tried again piece by piece.
    """
    return (
        rf"[._-]?(?:(?P<{tag}stability>alpha|a|beta|b|RC|patch|pl|p|stable)(?P<{tag}serial>(?:[.-]?\d+)*+))?"
        rf"(?P<{tag}dev>[.-]?dev)?"
    )


def numbers(tag: str = "") -> str:
    """Return the pattern of one to four numbers between dots, `v` allowed before; groups `<tag>n1` to `<tag>n4`."""
    return rf"v?(?P<{tag}n1>\d++)(?:\.(?P<{tag}n2>\d++))?(?:\.(?P<{tag}n3>\d++))?(?:\.(?P<{tag}n4>\d++))?"


ALIAS = re.compile(r"(?P<real>[^,\s]++) ++as ++[^,\s]++", re.ASCII)
