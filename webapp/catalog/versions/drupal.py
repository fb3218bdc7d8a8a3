"""From the versions that drupal.org gives to the ones that its Composer repository gives for the same release."""

from __future__ import annotations

import re

from webapp.catalog.versions.grammar import BadVersion
from webapp.catalog.versions.normal import normalize

# The core compatibility that drupal.org put before a version until 2020. 9.x- and above never were: core refuses them.
# Core's own branch, 8.x-dev, only looks prefixed.
_PREFIXED = re.compile(r"(?:4\.7|[5-8])\.x-(?!dev\Z)(?P<rest>.*)", re.ASCII)
_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?P<tail>(?:[-+].*)?)", re.ASCII)
_BRANCH = re.compile(r"(\d+)(?:\.(\d+))?\.x-dev", re.ASCII)

# Each is taken by something that reads versions less strictly (core's own parser, PHP's numbers, Composer's trim), so
# that one release would get two spellings. Drupal's forms with a prefix are judged after it has been taken off.
_REFUSED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("it has white space or a control character in it", re.compile(r"[\x00-\x20\x7f]")),
    ("it has characters outside ASCII", re.compile(r"[^\x00-\x7f]")),
    ("it begins with a sign", re.compile(r"\A[+-]")),
    ("it has a number with an exponent", re.compile(r"\A\d+e\d")),
    ("it has a number in hexadecimal", re.compile(r"\A0x")),
    ("its first number has a leading zero", re.compile(r"\Av?0\d")),
    ("its core prefix is none that drupal.org has given", re.compile(r"\A\d+(?:\.\d+)*\.x-(?!dev\Z)")),
    ("it is a branch without “-dev”", re.compile(r"\A(?:\d+\.)+x\Z")),
    ("it ends in a separator", re.compile(r"[.+_-]\Z")),
    ("“unstable” is no stability that Composer knows", re.compile(r"\A[\d.]+-unstable", re.IGNORECASE)),
)


def to_composer(drupal_version: str) -> str:
    """Return the version under which Composer knows a release of drupal.org: `8.x-1.14` is `1.14.0`.

    `8.x-1.x-dev` is `1.x-dev`; leading zeros after the prefix go (`8.x-2.05` is `2.5.0`); semantic versions, core's
    own (`7.103`, `8.x-dev`) and Composer's other forms pass unchanged. 7.x and 8.x of a project fall together, as they
    do in the two Composer repositories. Raises BadVersion, also for forms that core's loose parser lets through
    (white space, `1e3.0`, `01.2.3`) and for `unstable` releases, which Composer has no form for.
    Source: packages.drupal.org; drupal.org/node/1015226.
    """
    _refuse(drupal_version, _REFUSED[:2])
    prefixed = _PREFIXED.fullmatch(drupal_version)
    composer_version = drupal_version if prefixed is None else _without_prefix(prefixed["rest"])
    _refuse(composer_version, _REFUSED)
    normalize(composer_version)
    return composer_version


def _refuse(text: str, refused: tuple[tuple[str, re.Pattern[str]], ...]) -> None:
    for reason, pattern in refused:
        if pattern.search(text):
            raise BadVersion(reason)


def _without_prefix(rest: str) -> str:
    if branch := _BRANCH.fullmatch(rest):
        return ".".join(_plain(number) for number in branch.groups() if number) + ".x-dev"
    if release := _RELEASE.fullmatch(rest):
        major, minor, patch = (_plain(number or "0") for number in release.group(1, 2, 3))
        return f"{major}.{minor}.{patch}{release['tail']}"
    if re.fullmatch(r"(?:\d+\.)+x", rest, re.ASCII):
        raise BadVersion("it is a branch without “-dev”")
    raise BadVersion("its core prefix is followed by no version")


def _plain(number: str) -> str:
    return number.lstrip("0") or "0"
