"""What tests of reports start from: sites that say what they need, runs as they were posted, and a worker in the same process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests import factories, outbox
from webapp.kit.clock import stamp

number = itertools.count(1)


@pytest.fixture
def fleet(app: Any, cast: Any) -> Any:
    """Two sites of the cast's organization: `secure` has a security update on the first, `plain` an update on both."""
    with factories.writing(app):
        one = factories.site(cast.organization, name="Alpha", tags=["shop"])
        two = factories.site(cast.organization, name="Beta", environment="staging")
        factories.reported(one, {
            "plain": factories.module("plain", "1.0.0", "1.0.5"), "quiet": factories.module("quiet", "3.0.0", judged=True),
            "secure": factories.module("secure", "1.0.0", "1.0.5", security=True)}, at=factories.ago(hours=6))
        factories.reported(two, {"plain": factories.module("plain", "1.0.0", "1.0.10")}, at=factories.ago(hours=3))
    return one, two


@pytest.fixture
def post_run(cast: Any) -> Callable[..., Any]:
    """Posts a run of a site that finished at a time, with as many updates as wanted, the first of them security ones."""

    def post(site: Any, at: datetime, status: str = "success", updates: int = 1, security: int = 0) -> Any:
        rows = [{"module": f"mod_{each}", "from_version": "1.0.0", "to_version": "1.0.1", "security": each < security}
                for each in range(updates)]
        body = {"started_at": stamp(at - timedelta(hours=1)), "finished_at": stamp(at), "status": status, "trigger": "ci",
                "updates": rows}
        answer = cast.admin.post(f"/sites/{site.id}/patch-run", body)
        assert answer.status_code == 201, answer.text
        return answer.json["data"]

    return post


@pytest.fixture
def work(app: Any) -> Callable[[], int]:
    """Does, in this process, what stands in the outbox; says how many pieces there were."""
    return partial(outbox.work, app)


@pytest.fixture
def build(work: Callable[[], int]) -> Callable[..., Any]:
    """Asks for a report, has it built, and answers with it."""

    def do(caller: Any, **body: Any) -> Any:
        asked = caller.post("/reports", {"kind": "module_updates", "formats": ["csv"], **body})
        assert asked.status_code == 202, asked.text
        work()
        return caller.get(asked.headers["Location"]).json["data"]

    return do
