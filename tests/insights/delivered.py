"""Deployments, incidents and reports of sites as they are told, for tests to start from. Times are of March 2024 (`"5 10:30"`)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

count = itertools.count(1)
DAYS = {"start_date": "2024-03-04", "end_date": "2024-03-17"}


def at(text):
    """A time of March 2024, as `day hour` or `day hour:minute`."""
    day, _, clock = text.partition(" ")
    hour, _, minute = clock.partition(":")
    return datetime(2024, 3, int(day), int(hour or 0), int(minute or 0), tzinfo=UTC).isoformat().replace("+00:00", "Z")


def deploy(cast, place, finished, status="success", environment="production", **fields):
    """A deployment to a repository (or `site_id=…`), as the member's pipeline tells it."""
    where = {} if place is None else {"repository_id": place["id"]}
    value = {**where, "environment": environment, "status": status, "finished_at": at(finished), **fields}
    answer = cast.member.post("/deployments", value)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def incident(cast, place, opened, **fields):
    where = {} if place is None else {"repository_id": place["id"]}
    answer = cast.member.post("/incidents", {**where, "title": f"Down {next(count)}", "opened_at": at(opened), **fields})
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def shown(cast, thing, kind="deployments"):
    """A deployment or incident as it is now."""
    return cast.viewer.get(f"/{kind}/{thing['id']}").json["data"]


def report(cast, site, when, **versions):
    """A report of a site, with `{module: version}`."""
    modules = [{"name": name, "version": version} for name, version in versions.items()]
    answer = cast.member.post(f"/sites/{site.id}/modules", {"reported_at": at(when), "full": True, "modules": modules})
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


def run(cast, site, ended, status="success", environment=None, **updates):
    """A posted patch run, with `{module: (from, to)}`."""
    told = [{"module": name, "from_version": before, "to_version": after} for name, (before, after) in updates.items()]
    value = {"started_at": at(ended), "finished_at": at(ended), "status": status, "trigger": "manual", "updates": told,
             **({"environment": environment} if environment else {})}
    answer = cast.member.post(f"/sites/{site.id}/patch-run", value)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def listed(cast, path, **asked):
    return cast.viewer.get(path, **asked).json["data"]
