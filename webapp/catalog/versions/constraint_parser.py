"""Composer's constraint language, taken apart into operators and versions in normal form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from webapp.catalog.versions.grammar import (
    ALIAS,
    BLANKS,
    FLAGS,
    LONGEST_BLANK,
    LONGEST_CONSTRAINT,
    LONGEST_VERSION,
    STABILITIES,
    BadConstraint,
    BadVersion,
    Operator,
    modifier,
    numbers,
)
from webapp.catalog.versions.normal import normalize, stability

Bound: TypeAlias = tuple[Operator, str]


def _partial(tag: str = "") -> str:
    return rf"{numbers(tag)}(?:{modifier(tag)}|\.(?P<{tag}branch>[x*][.-]?dev))(?:\+\S+)?"


_LONG_BLANK = re.compile(rf"\s{{{LONGEST_BLANK + 1}}}", re.ASCII)
_OR = re.compile(r"\s*\|\|?\s*", re.ASCII)
# A space or comma separates, but not after an operator (`> 1`), in a hyphen range (`1 - 2`) or in an alias (`1 as 2`).
_AND = re.compile(r"(?!\A)(?<!as)(?<![=>< ,]) *(?<!-)[, ](?!-) *(?!,|as|\Z)", re.ASCII)
_FLAGGED = re.compile(rf"(?P<bare>[^,\s]*?)@(?P<flag>{STABILITIES})", FLAGS)
_WITH_REFERENCE = re.compile(r"(?P<bare>dev-[^,\s@]+?|[^,\s@]+?\.x-dev)#.+", FLAGS)
_ANYTHING = re.compile(r"v?[x*](?:\.[x*])*", FLAGS)
_TILDE = re.compile(rf"~>?{_partial()}", FLAGS)
_CARET = re.compile(rf"\^{_partial()}", FLAGS)
# Composer lets `v` stand before it, but here no `V`.
_WILDCARD = re.compile(r"v?(?P<low>\d++(?:\.\d++){0,2})(?:\.[xX*])++", re.ASCII)
_HYPHEN = re.compile(rf"(?P<low>{_partial('low')}) +- +(?P<high>{_partial('high')})", FLAGS)
# To the very end, newlines included, where Composer's pattern would silently drop what follows one.
_COMPARISON = re.compile(r"(?P<operator><>|!=|>=?|<=?|==?)?\s*(?P<version>.*)", re.ASCII | re.DOTALL)
_BRANCH_NAME = re.compile(r"[0-9a-zA-Z./-]+", re.ASCII)
# Composer looks for it in lower case but spells RC in capitals, so a lower bound of `-rc1` becomes `-RC1-dev`.
_ENDS_IN_MODIFIER = re.compile(rf"-{modifier()}\Z", re.ASCII)

_OPERATORS: dict[str | None, Operator] = {
    None: "==", "=": "==", "==": "==", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version of one to four numbers inside a range: what it gives, and whether it names a stability or a branch."""

    given: tuple[str, ...]
    is_branch: bool
    has_suffix: bool

    @classmethod
    def of(cls, found: re.Match[str], tag: str = "") -> _Partial:
        given = tuple(number for number in found.group(*(f"{tag}n{place}" for place in "1234")) if number is not None)
        is_branch = found[f"{tag}branch"] is not None
        return cls(given, is_branch, bool(is_branch or found[f"{tag}stability"] or found[f"{tag}dev"]))

    @property
    def dev_suffix(self) -> str:
        return "" if self.has_suffix else "-dev"


def parse(text: str) -> list[list[Bound]]:
    """Return the alternatives of a constraint, each a list of bounds that hold together; an empty one allows all.

    Raises BadConstraint. Source: composer/semver, VersionParser::parseConstraints.
    """
    if len(text) > LONGEST_CONSTRAINT:
        raise BadConstraint(f"it is longer than {LONGEST_CONSTRAINT} characters")
    if _LONG_BLANK.search(text):
        raise BadConstraint(f"it has more than {LONGEST_BLANK} blanks in a row")
    if not text.strip(BLANKS):
        raise BadConstraint("it is empty")
    try:
        return [
            [bound for atom in _AND.split(alternative) for bound in _bounds(atom)]
            for alternative in _OR.split(text.strip(BLANKS))
        ]
    except BadVersion as error:
        raise BadConstraint(f"a version in it cannot be read: {error.reason}") from error


def _bounds(atom: str) -> list[Bound]:
    # Two versions and a hyphen at most; the limit also keeps int() below from refusing a number for its length.
    if len(atom) > 2 * LONGEST_VERSION + 8:
        raise BadConstraint("a part of it is too long")
    if alias := ALIAS.fullmatch(atom):
        atom = alias["real"]
    flag = None
    if flagged := _FLAGGED.fullmatch(atom):
        atom = flagged["bare"] or "*"
        flag = None if flagged["flag"] == "stable" else flagged["flag"]
    if referenced := _WITH_REFERENCE.fullmatch(atom):
        atom = referenced["bare"]
    if _ANYTHING.fullmatch(atom):
        # Only the bare star takes named branches in.
        return [] if len(atom) == 1 else [(">=", "0.0.0.0-dev")]
    if found := _TILDE.fullmatch(atom):
        return _tilde(atom, _Partial.of(found))
    if found := _CARET.fullmatch(atom):
        return _caret(atom, _Partial.of(found))
    if found := _WILDCARD.fullmatch(atom):
        return _wildcard(tuple(found["low"].split(".")))
    if " - " in atom and (found := _HYPHEN.fullmatch(atom)):
        return _hyphen(found)
    return [_comparison(atom, flag)]


def _tilde(atom: str, partial: _Partial) -> list[Bound]:
    """`~1.2` is `>=1.2 <2.0`: the last number given may rise, and with one number only that one."""
    if atom.startswith("~>"):
        raise BadConstraint("“~>” is no operator of Composer, “~” is")
    # In 2.x-dev the x counts as a number given.
    position = len(partial.given) + partial.is_branch
    return [
        (">=", normalize(atom[1:] + partial.dev_suffix)),
        ("<", _raised(partial.given, max(1, position - 1))),
    ]


def _caret(atom: str, partial: _Partial) -> list[Bound]:
    """`^1.2` is `>=1.2 <2.0` and `^0.3` is `>=0.3 <0.4`: the first number that is not 0 stays."""
    position = 1
    while position < min(3, len(partial.given)) and partial.given[position - 1] == "0":
        position += 1
    return [(">=", normalize(atom[1:] + partial.dev_suffix)), ("<", _raised(partial.given, position))]


def _wildcard(given: tuple[str, ...]) -> list[Bound]:
    low, high = ".".join([*given, "0", "0", "0"][:4]) + "-dev", _raised(given, len(given))
    return [("<", high)] if low == "0.0.0.0-dev" else [(">=", low), ("<", high)]


def _hyphen(found: re.Match[str]) -> list[Bound]:
    """`1.0 - 2.1` is `>=1.0 <2.2`, but `1.0 - 2.1.0` is `>=1.0 <=2.1.0`: a partial end takes in all that begins so."""
    low, high = _Partial.of(found, "low"), _Partial.of(found, "high")
    lowest: Bound = (">=", normalize(found["low"]) + low.dev_suffix)
    highest = normalize(found["high"])
    if len(high.given) > 2 or high.has_suffix:
        return [lowest, ("<=", highest)]
    return [lowest, ("<", _raised(high.given, len(high.given)))]


def _comparison(atom: str, flag: str | None) -> Bound:
    found = _COMPARISON.fullmatch(atom)
    given, name = (found["version"], _OPERATORS[found["operator"]]) if found else ("", _OPERATORS[None])
    normalized = _normalize_or_branch(given)
    if name != "==" and flag and stability(normalized) == "stable":
        return name, f"{normalized}-{flag}"
    if name in ("<", ">=") and not given.startswith("dev-") and not _ENDS_IN_MODIFIER.search(given.lower()):
        return name, f"{normalized}-dev"
    return name, normalized


def _normalize_or_branch(given: str) -> str:
    """Take `foobar-dev` for the branch `dev-foobar`, as Composer does in constraints only."""
    try:
        return normalize(given)
    except BadVersion:
        if given.endswith("-dev") and _BRANCH_NAME.fullmatch(given):
            return normalize(f"dev-{given[:-4]}")
        raise


def _raised(given: tuple[str, ...], position: int) -> str:
    """Return the version that ends a range: the number at the position (from 1) one higher, zeros after it, and dev."""
    raised = [*given[: position - 1], str(int(given[position - 1]) + 1), "0", "0", "0"]
    return ".".join(raised[:4]) + "-dev"
