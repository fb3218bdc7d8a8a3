"""A site that reports and is patched, and what its runs and history say afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests import factories
from tests.statements import listed
from webapp.kit.clock import stamp


@dataclass
class PatchedSite:
    """A site of the cast's organization; `report` posts as its agent, `post_run` as a member."""

    cast: Any
    id: str
    organization_id: str
    agent: Any

    def report(self, versions: dict[str, str | None], hours: float, full: bool = True, **module: Any) -> dict[str, Any]:
        """Posts `{module: version}` as of so many hours ago; further fields go to every module."""
        modules = [{"name": name, "version": version, **module} for name, version in versions.items()]
        body = {"reported_at": at(hours), "full": full, "modules": modules}
        answer = self.agent.post(f"/sites/{self.id}/modules", body)
        assert answer.status_code == 200, answer.json
        return answer.json["data"]

    def try_run(self, by: Any = None, **fields: Any) -> Any:
        """Posts a run from three hours ago to two hours ago, of webform from 6.2.7 to 6.2.9 unless said otherwise."""
        return (by or self.cast.member).post(f"/sites/{self.id}/patch-run", run_body(**fields))

    def post_run(self, **fields: Any) -> str:
        answer = self.try_run(**fields)
        assert answer.status_code == 201, answer.json
        return answer.json["data"]["id"]

    def run(self, run_id: str) -> dict[str, Any]:
        return self.cast.viewer.get(f"/patch-runs/{run_id}").json["data"]

    def evidence(self, run_id: str) -> str:
        return self.run(run_id)["evidence"]

    def runs(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.cast.viewer.get(f"/sites/{self.id}/patch-run", **query)
        assert answer.status_code == 200, answer.json
        return answer.json["data"]

    def history(self, module: str) -> list[tuple[str | None, str | None, str | None]]:
        """The module's steps, newest first, as (from, to, id of the run)."""
        rows = self.cast.viewer.get(f"/sites/{self.id}/history", module=module).json["data"]
        return [(row["from_version"], row["to_version"], row["patch_run_id"]) for row in rows]

    def inferred(self) -> list[tuple[datetime, list[tuple[str, str, str]]]]:
        """The inferred runs, oldest first, as (hours of their report, steps)."""
        rows = sorted(self.runs(trigger="inferred"), key=lambda row: row["finished_at"])
        return [(row["finished_at"], steps_of(row)) for row in rows]

    def audited(self, action: str) -> list[dict[str, Any]]:
        return self.cast.admin.get("/audit-logs", action=action).json["data"]


def steps_of(run: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["module"], each["from_version"], each["to_version"]) for each in run["updates"]]


START = {"at": factories.ago(hours=0)}


@pytest.fixture(autouse=True)
def _one_start() -> None:
    """All times of a test are counted from its beginning, so that none falls into the next second."""
    START["at"] = factories.ago(hours=0)


def at(hours: float) -> str:
    """So many hours before the test began, as the API writes it."""
    return stamp(START["at"] - timedelta(hours=hours)) or ""


def update(module: str = "webform", before: str | None = "6.2.7", after: str | None = "6.2.9", **more: Any) -> Any:
    return {"module": module, "from_version": before, "to_version": after, **more}


def run_body(**fields: Any) -> dict[str, Any]:
    body = {"started_at": at(3), "finished_at": at(2), "status": "success", "trigger": "ci", "updates": [update()]}
    return {name: value for name, value in {**body, **fields}.items() if value is not ...}


@pytest.fixture
def a_site(app: Any, cast: Any) -> PatchedSite:
    """A site that said ten hours ago that it runs webform 6.2.7 and token 8.x-1.14."""
    with factories.writing(app):
        made = factories.site(cast.organization)
    site = PatchedSite(cast, str(made.id), str(made.organization_id), cast.key(site=made))
    site.report({"webform": "6.2.7", "token": "8.x-1.14"}, hours=10)
    return site


@pytest.fixture
def statements(app: Any) -> Any:
    """A context in which every SQL statement is listed."""
    return partial(listed, app)
