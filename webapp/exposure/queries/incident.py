"""One advisory as an incident: how many stand where, who has them, and how the number of open ones went down."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Float, Integer, ScalarSelect, cast, func, literal, select
from sqlalchemy.sql.elements import ColumnElement

from webapp.catalog.models import Advisory
from webapp.exposure.queries.advisories import find_advisory_sites
from webapp.kit.db import db
from webapp.kit.permissions import Actor

ROOM: dict[str, dict[str, Any]] = {
    "all": {}, "open": {"state": ["open"], "runs": True}, "dormant": {"state": ["open"], "runs": False},
    "unverified": {"state": ["open"], "runs": True, "verified": False}, "late": {"overdue": True, "runs": True},
    "accepted": {"state": ["accepted", "false_positive"]}, "fixed": {"state": ["fixed"]}}
"""The numbers of an advisory's page, each with the filters of the list behind it."""
SHOWN = ("state", "exposed_since", "fixed_at", "due_at", "owner_id", "owner_name", "hours_exposed", "runs", "overdue", "verified")
DAYS, OWNERS = 30, 8
DAY = timedelta(days=1)


def advisory_room(actor: Actor, advisory: Advisory, organization_id: UUID | None, at: datetime) -> dict[str, Any]:
    """How the fleet stands to one advisory: its numbers by the query of its list, deadlines, owners, and the burn-down.

    `owners` are up to eight people (or None) with how many stand open with them, most first. `burn_down` has the moments since the
    first finding began, a day apart or a thirtieth of the time, with how many were open then. `median_hours` and `p90_hours` are what
    the closed ones took (linear). All of it is one statement, which reads the findings once.
    """
    place = {"organization_id": organization_id} if organization_id else {}
    listed = find_advisory_sites(actor, advisory, place, at)
    found = listed.only(*SHOWN).element.cte("found").prefix_with("MATERIALIZED")
    hours = cast(found.c.hours_exposed, Float)
    standing = _standing(found)
    row = db.session.execute(select(
        *(func.count().filter(*_within(found, asked)).label(name) for name, asked in ROOM.items()),
        func.min(found.c.due_at).filter(*standing).label("next_due"), func.min(found.c.exposed_since).label("since"),
        func.count().filter(*standing, found.c.owner_id.is_(None)).label("ownerless"),
        func.percentile_cont(0.5).within_group(hours).filter(found.c.state == "fixed").label("median_hours"),
        func.percentile_cont(0.9).within_group(hours).filter(found.c.state == "fixed").label("p90_hours"),
        _owners(found).label("owners"), _steps(found, at).label("steps"),
    ).select_from(found)).one()
    owners = [{"owner_name": name, "open": count} for name, count in row.owners or ()]
    return {**row._mapping, "owners": owners, "burn_down": burn_down(row.steps or (), row.since, at)}


def _within(found: CTE, asked: Mapping[str, Any]) -> Sequence[ColumnElement[bool]]:
    conditions = [found.c.state.in_(asked["state"])] if "state" in asked else []
    return conditions + [found.c[name].is_(asked[name]) for name in ("runs", "overdue", "verified") if name in asked]


def _standing(found: CTE) -> tuple[ColumnElement[bool], ...]:
    return found.c.state == "open", found.c.runs


def _owners(found: CTE) -> ScalarSelect[Any]:
    """`[[name, open], …]`."""
    most = (select(found.c.owner_name, func.count().label("open")).where(*_standing(found)).group_by(found.c.owner_name)
            .order_by(func.count().desc(), found.c.owner_name).limit(OWNERS).subquery())
    return select(func.json_agg(func.json_build_array(most.c.owner_name, most.c.open))).scalar_subquery()


def _steps(found: CTE, at: datetime) -> ScalarSelect[Any]:
    """`[[began, ended, count], …]`: the first moment of the burn-down that sees a finding begun, and the first that sees it ended."""
    first = select(func.min(found.c.exposed_since)).scalar_subquery()
    step = func.greatest(func.extract("epoch", literal(at) - first) / DAYS, DAY.total_seconds())

    def moment(column: Any) -> Any:
        return cast(func.ceil(func.extract("epoch", column - first) / step), Integer)

    began, ended = moment(found.c.exposed_since).label("began"), moment(found.c.fixed_at).label("ended")
    counted = select(began, ended, func.count().label("n")).select_from(found).group_by(began, ended).subquery()
    return select(func.json_agg(func.json_build_array(counted.c.began, counted.c.ended, counted.c.n))).scalar_subquery()


def burn_down(steps: Sequence[Sequence[int | None]], first: datetime | None, at: datetime) -> list[tuple[datetime, int]]:
    """The moments from the first finding until now, and how many were open at each: what had begun and not ended."""
    if first is None:
        return []
    step = max((at - first) / DAYS, DAY)
    last = max(math.ceil((at - first) / step), 1)
    change = [0] * (last + 1)
    for began, ended, count in steps:
        assert began is not None
        assert count is not None
        change[min(began, last)] += count
        if ended is not None:
            change[min(ended, last)] -= count
    moments = [*(first + step * number for number in range(last)), at]
    return list(zip(moments, accumulate(change), strict=True))
