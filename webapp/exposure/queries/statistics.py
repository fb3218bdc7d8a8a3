"""Time to fix: how long findings took, how many were fixed within a day and a week, and how many still stand open.

Findings count by when their clock began (UTC), those of code that may run; false positives are none. Medians and percentiles
are linear (`percentile_cont`) and of what is fixed alone: what stands open would make them longer and is told beside them. A
share is of the findings that began at least that long ago, fixed or not, so that what is young neither helps nor harms it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Float, String, Subquery, and_, cast, func, select, tuple_

from webapp.catalog.values.severity import ORDER
from webapp.exposure.queries.findings import find_exposures, left_censored
from webapp.kit.db import db
from webapp.kit.permissions import Actor

Numbers = dict[str, Any]
COUNTED: Final[Mapping[str, Any]] = {"state": ["open", "fixed", "accepted"], "runs": True}
BEHIND: Final[Mapping[str, Mapping[str, Any]]] = {
    "exposures": {}, "fixed": {"state": ["fixed"]}, "open": {"state": ["open"]}, "overdue": {"overdue": True},
    "unverified": {"state": ["open"], "verified": False}, "accepted": {"state": ["accepted"]},
    "left_censored": {"state": ["fixed"], "left_censored": True}}
"""What the list behind each number is asked for, beside COUNTED."""
SPANS: Final[Mapping[str, int]] = {"within_24_hours": 24, "within_7_days": 7 * 24}
COLUMNS = ("severity", "organization_id", "organization_name", "state", "exposed_since", "hours_exposed", "overdue", "verified",
           "left_censored")
WHOLE, BY_SEVERITY, BY_ORGANIZATION, BY_MONTH = 7, 3, 5, 6
"""What PostgreSQL's grouping() says of each set: a bit for each column that is not in it."""


def time_to_fix(actor: Actor, asked: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The figures of all findings that match, and by severity, organization and month; each row the same numbers (`_numbers`)."""
    by_set: dict[int, list[Any]] = {WHOLE: [], BY_SEVERITY: [], BY_ORGANIZATION: [], BY_MONTH: []}
    for row in db.session.execute(_grouped(_found(actor, asked, at), at)):
        by_set[row.part].append(row)
    places = sorted(by_set[BY_ORGANIZATION], key=lambda row: (row.organization_name.lower(), str(row.organization_id)))
    return {
        "at": at, "totals": _numbers(by_set[WHOLE][0]),
        "by_severity": [_numbers(row, severity=row.severity)
                        for row in sorted(by_set[BY_SEVERITY], key=lambda row: ORDER[row.severity])],
        "by_organization": [_numbers(row, organization={"id": row.organization_id, "name": row.organization_name}) for row in places],
        "by_month": _by_month({row.month: row for row in by_set[BY_MONTH]}),
    }


def _found(actor: Actor, asked: Mapping[str, Any], at: datetime) -> Subquery:
    listing = find_exposures(actor, {**asked, **COUNTED}, at)
    listing.statement = listing.statement.add_columns(left_censored().label("left_censored"))
    found = listing.only(*COLUMNS)
    month = cast(func.date_trunc("month", func.timezone("UTC", found.c.exposed_since)), String)
    columns: list[Any] = [*found.c, func.left(month, 10).label("month"), cast(found.c.hours_exposed, Float).label("hours")]
    return select(*columns).subquery()


def _grouped(found: Subquery, at: datetime) -> Any:
    fixed, is_open = found.c.state == "fixed", found.c.state == "open"
    seen = and_(fixed, ~found.c.left_censored)
    columns: list[Any] = [
        func.count().label("exposures"), func.count().filter(fixed).label("fixed"), func.count().filter(is_open).label("open"),
        func.count().filter(found.c.overdue).label("overdue"), func.count().filter(is_open, ~found.c.verified).label("unverified"),
        func.count().filter(found.c.state == "accepted").label("accepted"),
        func.count().filter(fixed, found.c.left_censored).label("left_censored"), func.count().filter(seen).label("seen")]
    for prefix, which in (("", fixed), ("seen_", seen)):
        columns += [func.percentile_cont(share).within_group(found.c.hours).filter(which).label(f"{prefix}{label}")
                    for label, share in (("median", 0.5), ("p90", 0.9))]
    for name, hours in SPANS.items():
        old = found.c.exposed_since < at - timedelta(hours=hours)
        columns += [func.count().filter(old).label(f"{name}_of"),
                    func.count().filter(old, fixed, found.c.hours <= hours).label(f"{name}_fixed")]
    keys = (found.c.severity, found.c.organization_id, found.c.month)
    sets = func.grouping_sets(tuple_(), tuple_(found.c.severity), tuple_(found.c.organization_id), tuple_(found.c.month))
    columns += [func.grouping(*keys).label("part"), *keys, func.max(found.c.organization_name).label("organization_name")]
    return select(*columns).group_by(sets)


def _numbers(row: Any, **more: Any) -> Numbers:
    found = {**more, **{name: getattr(row, name) for name in BEHIND}, "median_hours": _hours(row.median), "p90_hours": _hours(row.p90)}
    for name in SPANS:
        fixed, of = getattr(row, f"{name}_fixed"), getattr(row, f"{name}_of")
        found[name] = {"fixed": fixed, "of": of, "share": round(fixed / of, 4) if of else None}
    known = {"fixed": row.seen, "median_hours": _hours(row.seen_median), "p90_hours": _hours(row.seen_p90)}
    return {**found, "without_left_censored": known}


def _hours(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


NOTHING: Final = {"fixed": 0, "of": 0, "share": None}
EMPTY: Final[Numbers] = {
    **dict.fromkeys(BEHIND, 0), "median_hours": None, "p90_hours": None, **dict.fromkeys(SPANS, NOTHING),
    "without_left_censored": {"fixed": 0, "median_hours": None, "p90_hours": None}}


def _by_month(known: Mapping[str, Any]) -> list[Numbers]:
    """Every month from the first to the last with a finding, quiet ones too."""
    if not known:
        return []
    month, last = date.fromisoformat(min(known)), date.fromisoformat(max(known))
    found = []
    while month <= last:
        row = known.get(month.isoformat())
        found.append(_numbers(row, month=month.isoformat()) if row else {"month": month.isoformat(), **EMPTY})
        month = (month + timedelta(days=31)).replace(day=1)
    return found
