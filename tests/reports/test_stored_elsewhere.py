"""Built reports where web and workers share no disk: in a bucket, and while that is down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest

from tests.kit import buckets
from webapp.kit import jobs
from webapp.kit.clock import now
from webapp.kit.db import ALL, execute, rows, unit_of_work
from webapp.kit.storage import KEPT, Address, Bucket
from webapp.reports.actions import sweep_strays
from webapp.reports.jobs import STILL_DOWN, WAITS


@pytest.fixture
def bucket(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[buckets.Server]:
    """The application keeps its files in this bucket."""
    with buckets.serving() as server:
        address = Address("s3", buckets.BUCKET, "here", server.address, buckets.REGION, buckets.USER, buckets.SECRET)
        monkeypatch.setitem(app.extensions, KEPT, Bucket(address))
        yield server


def ask(caller: Any) -> Any:
    return caller.post("/reports", {"kind": "module_updates", "formats": ["csv", "json"]}).json["data"]


def show(caller: Any, report: Any) -> Any:
    return caller.get(f"/reports/{report['id']}").json["data"]


def job_of(app: Any) -> Any:
    with app.app_context(), unit_of_work(ALL):
        return rows("SELECT id, state, attempt, not_before > now() AS waits FROM job_outbox")[0]


def again(app: Any) -> None:
    """The time that the job waits is over."""
    with app.app_context():
        with unit_of_work(ALL):
            execute("UPDATE job_outbox SET not_before = now() - interval '1 second', queued_at = now() - interval '1 minute'")
        assert jobs.sweep() == 1


def test_files_of_a_report_go_into_the_bucket_and_come_from_there(bucket: buckets.Server, cast: Any, fleet: Any, work: Any) -> None:
    report = ask(cast.member)
    work()
    done = show(cast.member, report)
    assert (done["status"], len(bucket.objects)) == ("done", 2)
    assert all(key.startswith(f"here/reports/{report['id']}/1/module-updates-") for key in bucket.objects)
    answer = cast.member.get(f"/reports/{report['id']}/download", format="csv")
    assert hashlib.sha256(answer.data).hexdigest() == done["sha256"]["csv"]
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_build_waits_for_a_bucket_that_is_down(app: Any, bucket: buckets.Server, cast: Any, fleet: Any, work: Any) -> None:
    report = ask(cast.member)
    bucket.is_down = True
    work()
    assert (show(cast.member, report)["status"], bucket.objects) == ("running", {})
    job = job_of(app)
    assert (job.state, job.attempt, job.waits) == ("waiting", 1, True)
    bucket.is_down = False
    again(app)
    work()
    assert (show(cast.member, report)["status"], len(bucket.objects)) == ("done", 2)
    bucket.is_down = True
    refused = cast.member.get(f"/reports/{report['id']}/download", format="csv")
    assert (refused.status_code, refused.json["error"]) == (503, "service_unavailable")


def test_files_of_no_report_go_and_those_of_one_stay(app: Any, bucket: buckets.Server, cast: Any, fleet: Any, work: Any) -> None:
    report = ask(cast.member)
    work()
    storage = app.extensions[KEPT]
    for key in (f"reports/{report['id']}/9/left.csv", f"reports/{UUID(int=7)}/1/dead.csv"):
        storage.put(key, BytesIO(b"."))
    with app.app_context(), unit_of_work(ALL):
        assert sweep_strays(storage, now()) == 0
    with app.app_context(), unit_of_work(ALL):
        assert sweep_strays(storage, now() + timedelta(days=2)) == 2
    assert len(bucket.objects) == 2
    assert cast.member.get(f"/reports/{report['id']}/download", format="json").status_code == 200


def test_a_bucket_that_stays_down_fails_the_report(app: Any, bucket: buckets.Server, cast: Any, fleet: Any, work: Any) -> None:
    report = ask(cast.member)
    bucket.is_down = True
    with app.app_context(), unit_of_work(ALL):
        execute("UPDATE job_outbox SET attempt = :attempt", attempt=len(WAITS) + 1)
        job = rows("SELECT id FROM job_outbox")[0].id
    with app.app_context():
        jobs.perform(UUID(str(job)), len(WAITS) + 1)
    failed = show(cast.member, report)
    assert (failed["status"], failed["error"], job_of(app).state) == ("failed", STILL_DOWN, "failed")
