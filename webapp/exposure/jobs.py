"""What workers do about exposures: look at the fleet again after an advisory, and end what has expired."""

from __future__ import annotations

from webapp.exposure.actions.deciding import expire_decisions
from webapp.exposure.actions.evaluation import evaluate
from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.logs import log
from webapp.kit.permissions import SYSTEM


def evaluate_advisories(advisories: list[int], attempt: int) -> None:
    """Settles every site that these advisories may concern; done twice, the second time finds nothing to do."""
    settled = evaluate(advisories, now())
    log().info("advisories_evaluated", advisories=len(advisories), opened=settled.opened, closed=settled.closed, sites=len(settled.sites))


def end_expired() -> int:
    """Ends the decisions whose time is up."""
    with unit_of_work(ALL):
        return expire_decisions(SYSTEM, now())
