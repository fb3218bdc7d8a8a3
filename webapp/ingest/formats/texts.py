"""Text that commands print where JSON is expected: what it is, said without repeating any of it."""

from __future__ import annotations

import re
from typing import Final

TEXT: Final = "It is text, not the JSON output of the command: perhaps an error message, or run without --format=json."
REMOVED: Final = "It is text, not JSON: the command is not there, or has been removed from this Drush. Nothing is read from its message."
WARNINGS: Final = ("It is text, not JSON: warnings of PHP stand before it. Send standard output alone, with display_errors=stderr; "
                   "nothing is read in part.")
FAILED: Final = "It is text, not JSON: the command's error message."

_RULES: Final = (
    (re.compile(r"has\s+been\s+removed|is not defined|There are no commands defined|command not found", re.IGNORECASE), REMOVED),
    (re.compile(r"\A\s*(?:<br\s*/?>\s*)?(?:<b>)?(?:PHP )?(?:Warning|Notice|Deprecated|Strict Standards)\b", re.IGNORECASE), WARNINGS),
    (re.compile(r"\A\s*(?:\[(?:error|warning|notice|success|preflight)\]|In \w+\.php line \d+|(?:<br\s*/?>\s*)?(?:<b>)?(?:PHP )?"
                r"(?:Fatal|Parse) error|Fatal error|\w*Exception\b|Could not open input file)", re.IGNORECASE), FAILED),
)


def what_text_is(text: str) -> str | None:
    """Why a known kind of text is not read; None for text of which nothing is known. Looks at its first 2,000 characters."""
    start = text[:2000]
    return next((reason for pattern, reason in _RULES if pattern.search(start)), None)
