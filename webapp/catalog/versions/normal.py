"""Composer's normal form of a version: four numbers, a stability, and nothing that does not count in an order."""

from __future__ import annotations

import re

from webapp.catalog.versions.grammar import (
    ALIAS,
    BLANKS,
    FLAGS,
    LONGEST_VERSION,
    STABILITIES,
    BadVersion,
    modifier,
)

# Composer puts this in place of the `x` of a branch, so that 1.x-dev comes after every release of 1.
WILDCARD_NUMBER = "9999999"

# Version control systems' default branches; Composer takes them without `dev-` too. `main` is not among them.
DEFAULT_BRANCHES = frozenset({"master", "trunk", "default"})

_FLAG = re.compile(rf"@(?:{STABILITIES})\Z", FLAGS)
_BUILD_METADATA = re.compile(r"([^,\s+]++)\+\S++", re.ASCII)
# Five digits at most in front: what is longer is a date.
_CLASSIC = re.compile(rf"v?(\d{{1,5}})(?:\.(\d++))?(?:\.(\d++))?(?:\.(\d++))?{modifier()}", FLAGS)
_DATE = re.compile(rf"v?(\d{{4}}(?:[.:-]?\d{{2}}){{1,6}}(?:[.:-]?\d{{1,3}}){{0,2}}){modifier()}", FLAGS)
_DEV_SUFFIX = re.compile(r"(.*?)[.-]?dev", FLAGS)
_NUMBERED_BRANCH = re.compile(r"v?(\d++)(?:\.(\d++|[x*]))?(?:\.(\d++|[x*]))?(?:\.(\d++|[x*]))?", FLAGS)
_TRAILING_MODIFIER = re.compile(rf"{modifier()}(?:\+.*)?\Z", FLAGS)
_REFERENCE = re.compile(r"#.+\Z", re.ASCII)

_EXPANDED = {"a": "alpha", "b": "beta", "p": "patch", "pl": "patch", "rc": "RC"}
_UNSTABLE = {"a": "alpha", "alpha": "alpha", "b": "beta", "beta": "beta", "rc": "RC"}


def normalize(version: str) -> str:
    """Return the version in Composer's normal form: `v1.2-rc1` is `1.2.0.0-RC1`.

    Build metadata (`+…`), an alias (`… as …`), a stability flag (`@dev`) and a leading `v` are dropped. `1.x-dev` is
    `1.9999999.9999999.9999999-dev`; a named branch stays `dev-<name>`; a date keeps as many numbers as it has.
    Drupal's `8.x-1.14` is no version here: see `to_composer`. Raises BadVersion.
    Source: composer/semver, VersionParser::normalize.
    """
    text = version.strip(BLANKS)
    if not text:
        raise BadVersion("it is empty")
    if len(text) > LONGEST_VERSION:
        raise BadVersion(f"it is longer than {LONGEST_VERSION} characters")
    if alias := ALIAS.fullmatch(text):
        text = alias["real"]
    text = _FLAG.sub("", text)
    if text in DEFAULT_BRANCHES:
        return f"dev-{text}"
    if text[:4].lower() == "dev-":
        return f"dev-{text[4:]}"
    if built := _BUILD_METADATA.fullmatch(text):
        text = built[1]
    normalized = _numbered(text) or _numbered_branch(text)
    if normalized is None:
        raise BadVersion("it has none of the forms that Composer knows")
    return normalized


def stability(version: str) -> str:
    """Return dev, alpha, beta, RC or stable, read from the end of the text alone; it need not be a valid version.

    Source: composer/semver, VersionParser::parseStability.
    """
    text = _REFERENCE.sub("", version)
    if text.startswith("dev-") or text.endswith("-dev"):
        return "dev"
    found = _TRAILING_MODIFIER.search(text)
    if found and found["dev"]:
        return "dev"
    name = found["stability"] if found else None
    return _UNSTABLE.get(name.lower(), "stable") if name else "stable"


def _numbered(text: str) -> str | None:
    if found := _CLASSIC.fullmatch(text):
        base = f"{found[1]}.{found[2] or 0}.{found[3] or 0}.{found[4] or 0}"
    elif found := _DATE.fullmatch(text):
        base = re.sub(r"[.:-]", ".", found[1])
    else:
        return None
    name = found["stability"]
    # Only the lower-case word: Composer keeps `-STABLE` as `-stable`, which then comes before every other stability.
    if name == "stable":
        return base
    if name:
        base += f"-{_EXPANDED.get(name.lower(), name.lower())}{found['serial'].lstrip('.-')}"
    return f"{base}-dev" if found["dev"] else base


def _numbered_branch(text: str) -> str | None:
    """Return the normal form of `1.x-dev` and its like; None for a named branch, which has to begin with `dev-`."""
    suffixed = _DEV_SUFFIX.fullmatch(text)
    found = _NUMBERED_BRANCH.fullmatch(suffixed[1].strip(BLANKS)) if suffixed else None
    if found is None:
        return None
    parts = (WILDCARD_NUMBER if part in (None, "x", "X", "*") else part for part in found.groups())
    return ".".join(parts) + "-dev"
