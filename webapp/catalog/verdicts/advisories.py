"""Security advisories as their sources tell them, and several sources' words about one advisory made one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from webapp.catalog.values.severity import (
    BadRisk,
    Risk,
    Severity,
    read_risk,
    severity_of_cvss,
    severity_of_title,
    severity_of_word,
)
from webapp.catalog.verdicts.announcements import is_concerned
from webapp.catalog.versions import BadConstraint, BadVersion, Constraint, Version, satisfies

SOURCES: Final = ("osv-drupal", "drupal.org", "osv", "friendsofphp", "psa", "demo")
"""Every source, the most trusted first: of packages and versions the first that speaks of a package is believed."""

DRUPAL_ID: Final = re.compile(r"^(?:SA|DRUPAL)-(CORE|CONTRIB)-(\d{4})-(\d{3,})$", re.IGNORECASE)
DRUPAL_LINK: Final = re.compile(r"drupal\.org/(?:security/)?(sa-(?:core|contrib)-\d{4}-\d{3,})\b", re.IGNORECASE)
PREFERRED: Final = ("SA-", "CVE-", "GHSA-")
CORE_PACKAGES: Final = frozenset({"drupal/core", "drupal/drupal"})


@dataclass(frozen=True, slots=True)
class Affected:
    """What of one package is affected: a constraint in Composer's terms (empty: none), and versions named exactly.

    `package` is named as modules are here: `webform` for drupal/webform, `drupal` for core, else `vendor/package`.
    `of_branch` says that a development version is affected where its branch has one of `versions`.
    """

    package: str
    constraint: str = ""
    versions: tuple[str, ...] = ()
    of_branch: bool = False

    @property
    def problem(self) -> str | None:
        """Why the constraint cannot be read; None where it can."""
        try:
            if self.constraint:
                Constraint.parse(self.constraint)
        except BadConstraint as error:
            return error.reason
        return None

    def covers(self, version: str | None) -> bool:
        """Whether a version as installed is affected; False also of what nobody can judge (`judges`)."""
        if version is None:
            return False
        if is_concerned(version, self.versions) if self.of_branch else version in self.versions:
            return True
        return bool(self.constraint) and _satisfies(version, self.constraint)

    def judges(self, version: str | None) -> bool:
        """Whether it can be said at all if a version is affected: not of none, and not of what is no version by any rule."""
        return version is not None and (self.covers(version) or _is_version(version))


@lru_cache(maxsize=65_536)
def _satisfies(version: str, constraint: str) -> bool:
    try:
        return satisfies(version, constraint)
    except (BadVersion, BadConstraint):
        return False


@lru_cache(maxsize=65_536)
def _is_version(text: str) -> bool:
    try:
        Version.parse(text)
    except BadVersion:
        return False
    return True


@dataclass(frozen=True, slots=True)
class AdvisoryRecord:
    """One source's word about one advisory.

    `ids` are all its names, spelled in capitals; `risk` is drupal.org's risk string, `cvss` a vector, `rating` the
    source's own word for the severity. `withdrawn_at` says that it was taken back. A record without `affected` adds words
    to what another source knows. `kind` is `psa` for a public service announcement, which names no version.
    """

    source: str
    source_id: str
    ids: tuple[str, ...]
    title: str = ""
    details: str = ""
    link: str | None = None
    risk: str | None = None
    cvss: str | None = None
    rating: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    withdrawn_at: datetime | None = None
    affected: tuple[Affected, ...] = ()
    kind: str = "advisory"

    @property
    def drupal_id(self) -> str | None:
        """drupal.org's own id, SA-CORE-2022-003; None for an advisory that is not from there."""
        return next((each for each in self.ids if each.startswith("SA-")), None)

    @property
    def packages(self) -> frozenset[str]:
        return frozenset(each.package for each in self.affected)

    def is_about_the_same_as(self, other: AdvisoryRecord) -> bool:
        """Whether two records speak of one advisory: they share a name.

        A CVE may be that of several of drupal.org's advisories (CVE-2020-13673 is core's and entity_embed's): records with
        different ids of drupal.org are two, and where only one has such an id they have to share a package too.
        """
        if not set(self.ids) & set(other.ids):
            return False
        if self.drupal_id and other.drupal_id:
            return self.drupal_id == other.drupal_id
        if self.drupal_id is None and other.drupal_id is None:
            return True
        return not self.affected or not other.affected or bool(self.packages & other.packages)


@dataclass(frozen=True, slots=True)
class Merged:
    """What all sources together say of one advisory. `provenance` names the source of each fact."""

    name: str
    aliases: tuple[str, ...]
    title: str
    details: str
    link: str | None
    severity: Severity
    risk: Risk | None
    cvss: str | None
    cvss_score: float | None
    published_at: datetime | None
    modified_at: datetime | None
    withdrawn_at: datetime | None
    kind: str
    affected: tuple[Affected, ...]
    provenance: dict[str, str] = field(default_factory=dict)


def module_of(package: str) -> str:
    """The module that a Composer package is here: drupal/webform is `webform`, drupal/core `drupal`; libraries stay."""
    name = package.strip().lower()
    if name in CORE_PACKAGES:
        return "drupal"
    vendor, _, rest = name.partition("/")
    return rest if vendor == "drupal" and rest else name


def ids_of(names: Iterable[str], link: str | None = None) -> tuple[str, ...]:
    """All names of an advisory in capitals, the best first; drupal.org's own id is told from OSV's, or from the link."""
    found = {name.strip().upper() for name in names if name and name.strip()}
    in_link = DRUPAL_LINK.search(link or "")
    if in_link:
        found.add(in_link[1].upper())
    for name in list(found):
        known = DRUPAL_ID.match(name)
        if known:
            found |= {f"SA-{known[1]}-{known[2]}-{known[3]}", f"DRUPAL-{known[1]}-{known[2]}-{known[3]}"}
    return tuple(sorted(found, key=lambda name: (_preference(name), name)))


def _preference(name: str) -> int:
    return next((place for place, start in enumerate(PREFERRED) if name.startswith(start)), len(PREFERRED))


def merged(records: Sequence[AdvisoryRecord]) -> Merged:
    """One advisory of all records about it, whatever their order; each fact from the most trusted source that has it."""
    ranked = sorted(records, key=lambda each: (SOURCES.index(each.source), each.source_id))
    ids = ids_of(name for record in ranked for name in record.ids)
    provenance: dict[str, str] = {}

    def first(fact: str) -> str | None:
        record = next((each for each in ranked if getattr(each, fact)), None)
        if record is not None:
            provenance[fact] = record.source
        return getattr(record, fact) if record else None

    severity, risk, cvss_score = _severity(ranked, provenance)
    published = [each.published_at for each in ranked if each.published_at]
    withdrawn = ranked[0].withdrawn_at
    return Merged(
        name=ids[0], aliases=ids, title=first("title") or ids[0], details=first("details") or "", link=first("link"), severity=severity,
        risk=risk, cvss=first("cvss"), cvss_score=cvss_score, published_at=min(published, default=None),
        modified_at=max((each.modified_at for each in ranked if each.modified_at), default=None), withdrawn_at=withdrawn,
        kind="advisory" if any(each.kind == "advisory" for each in ranked) else "psa",
        affected=_affected(ranked, provenance), provenance=provenance)


def _severity(ranked: Sequence[AdvisoryRecord], provenance: dict[str, str]) -> tuple[Severity, Risk | None, float | None]:
    """The severity by the risk string, else by the level in the title, else by CVSS, else in the source's word, else unknown."""
    risk, score = _risk(ranked), _cvss(ranked)
    title = ((each.source, severity_of_title(each.title)) for each in ranked if each.drupal_id)
    word = ((each.source, severity_of_word(each.rating)) for each in ranked)
    said = [
        *([(risk[0], risk[1].severity)] if risk else []), *title, *([(score[0], score[1][1])] if score else []), *word,
    ]
    source, severity = next(((source, found) for source, found in said if found), (None, Severity.UNKNOWN))
    if source:
        provenance["severity"] = source
    return severity, risk[1] if risk else None, score[1][0] if score else None


def _risk(ranked: Sequence[AdvisoryRecord]) -> tuple[str, Risk] | None:
    for record in ranked:
        try:
            if record.risk:
                return record.source, read_risk(record.risk)
        except BadRisk:
            continue
    return None


def _cvss(ranked: Sequence[AdvisoryRecord]) -> tuple[str, tuple[float, Severity]] | None:
    for record in ranked:
        found = severity_of_cvss(record.cvss) if record.cvss else None
        if found:
            return record.source, found
    return None


def _affected(ranked: Sequence[AdvisoryRecord], provenance: dict[str, str]) -> tuple[Affected, ...]:
    """Each package as the first source has it that says something readable of it."""
    found: dict[str, Affected] = {}
    for record in ranked:
        for each in record.affected:
            if each.package not in found and each.problem is None and (each.constraint or each.versions):
                found[each.package] = each
                provenance[f"affected.{each.package}"] = record.source
    return tuple(found[name] for name in sorted(found))
