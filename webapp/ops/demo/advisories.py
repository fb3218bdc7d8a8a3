"""Security advisories of the demo: one for each security release of its list, or for those of core on one day.

They are made up, and say so. Their numbers begin at 901 each year, which drupal.org's own do not reach, so that a server that
takes in real advisories later never takes the two for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from random import Random
from typing import Final

from webapp.catalog.values.severity import read_risk
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of
from webapp.catalog.versions import to_composer
from webapp.ops.demo.releases import Project, Release

SOURCE: Final = "demo"
FIRST: Final = 901
PROBLEMS: Final = (
    ("Access bypass", "AC:Basic/A:None/CI:Some/II:Some/E:Theoretical/TD:All"),
    ("Cross-site scripting", "AC:Basic/A:User/CI:Some/II:Some/E:Theoretical/TD:Default"),
    ("Information disclosure", "AC:Complex/A:User/CI:Some/II:None/E:Theoretical/TD:Uncommon"),
    ("Cross-site request forgery", "AC:Basic/A:None/CI:None/II:Some/E:Theoretical/TD:All"),
    ("SQL injection", "AC:None/A:None/CI:All/II:All/E:Proof/TD:All"),
    ("Arbitrary code execution", "AC:Complex/A:None/CI:All/II:All/E:Theoretical/TD:Default"),
    ("Denial of service", "AC:None/A:None/CI:None/II:Some/E:Theoretical/TD:Uncommon"),
)
"""What is wrong, with drupal.org's risk string for it: from less critical to highly critical."""
UNJUDGED: Final = 12
"""One of so many has no risk string, as it happens."""
DETAILS: Final = "Invented for the demo: no such flaw is known. The releases and their dates are real."


def records_of(projects: dict[str, Project], today: datetime) -> list[AdvisoryRecord]:
    """The advisories about what was released until today, the oldest first; the same list gives the same ones."""
    days = [(at, project, found) for project in projects.values() for at, releases in _security_days(project, today)
            if (found := constraint_of(project, releases, at))]
    numbers: dict[str, int] = {}
    records = []
    for at, project, constraint in sorted(days, key=lambda day: (day[0], day[1].name)):
        family = f"SA-{'CORE' if project.kind == 'core' else 'CONTRIB'}-{at.year}"
        numbers[family] = numbers.get(family, FIRST - 1) + 1
        records.append(_record(f"{family}-{numbers[family]}", project, constraint, at))
    return records


def _security_days(project: Project, today: datetime) -> Iterator[tuple[datetime, list[Release]]]:
    fixes = sorted((each for each in project.releases.values() if each.is_security and each.at <= today), key=lambda each: each.at)
    for at, releases in groupby(fixes, key=lambda each: each.at):
        yield at, list(releases)


def _record(name: str, project: Project, constraint: str, at: datetime) -> AdvisoryRecord:
    draw = Random(f"{project.name} {constraint}")  # noqa: S311 (a demo, not a secret)
    problem, vector = draw.choice(PROBLEMS)
    risk = None if draw.randrange(UNJUDGED) == 0 else vector
    words = [project.title, read_risk(risk).level if risk else None, problem, name]
    return AdvisoryRecord(
        source=SOURCE, source_id=name, ids=ids_of([name]), title=" - ".join(word for word in words if word), details=DETAILS, risk=risk,
        published_at=at, modified_at=at, affected=(Affected(project.name, constraint),))


def constraint_of(project: Project, fixes: list[Release], at: datetime) -> str:
    """What these releases fix, as Composer says it: all that was out before them and that one of them updates; empty for nothing.

    Neighbours in the order of versions make one range, which ends below the first version that is not affected.
    """
    ordered = sorted(project.releases.values(), key=lambda each: each.key)
    ranges, first = [], True
    for is_affected, group in groupby(ordered, key=lambda each: _is_fixed_by(project, each, fixes, at)):
        part = list(group)
        if is_affected:
            last = ordered.index(part[-1])
            since = "" if first else f">={to_composer(part[0].version)} "
            ranges.append(f"{since}<{to_composer(ordered[last + 1].version)}")
        first = False
    return " || ".join(ranges)


def _is_fixed_by(project: Project, release: Release, fixes: list[Release], at: datetime) -> bool:
    return release.at < at and any(
        fix.key > release.key and project.latest(release.version, at) is project.latest(fix.version, at) for fix in fixes)
