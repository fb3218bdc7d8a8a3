"""Uploads that are there: found, searched, exported, fetched by links, deleted, restored, gone for good; and seen by nobody else."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import time_machine

from tests import factories
from tests.files.conftest import CSV, picture
from tests.kit import buckets
from webapp.files import actions, jobs
from webapp.kit.clock import now
from webapp.kit.db import ALL, db, execute, rows, unit_of_work
from webapp.kit.storage import KEPT, Address, Bucket


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json["data"]]


def test_the_list_is_filtered_sorted_searched_and_exported(app: Any, cast: Any, upload: Any) -> None:
    with factories.writing(app):
        site = factories.site(cast.organization)
    upload(CSV, "modules.csv", site_id=site.id)
    upload(b"The town hall's firewall was replaced.", "notes.txt", who=cast.admin)
    upload(b'{"firewall": "=HYPERLINK(1)"}', "=cmd.json")
    upload(picture(), "photo.png")
    get = lambda **asked: names(cast.viewer.get("/uploads", **asked))  # noqa: E731
    assert get() == ["photo.png", "=cmd.json", "notes.txt", "modules.csv"]
    assert get(sort="name") == ["=cmd.json", "modules.csv", "notes.txt", "photo.png"]
    assert get(sort="bytes")[0] == "modules.csv"
    assert get(site_id=str(site.id)) == get(media_type="text/csv") == ["modules.csv"]
    assert get(created_by=cast.admin.id) == ["notes.txt"]
    assert get(q="firewall") == ["=cmd.json", "notes.txt"]
    assert get(q="FIREWALL replaced") == ["notes.txt"]
    assert get(q="odules") == ["modules.csv"]
    assert get(scan="clean") == get(to="2020-01-01") == []
    assert len(get(**{"from": "2020-01-01"})) == 4
    assert cast.viewer.get("/uploads", sort="text").status_code == cast.viewer.get("/uploads", media_type="text/html").status_code == 422
    lines = cast.viewer.get("/uploads", format="csv").text.splitlines()
    assert len(lines) == 5
    assert "'=cmd.json" in lines[2]
    assert all("text" not in row for row in cast.viewer.get("/uploads").json["data"])


def test_a_link_ends_with_its_time_its_upload_and_every_change(app: Any, cast: Any, client: Any, upload: Any) -> None:
    made = upload(CSV).json["data"]
    way = cast.viewer.get(f"/uploads/{made['id']}/download")
    link = way.headers["Location"]
    assert (way.status_code, way.headers["Cache-Control"], way.data) == (302, "private, no-store", b"")
    get = lambda path, **more: app.test_client(use_cookies=False).get(path, **more)  # noqa: E731
    assert get(link).data == CSV
    assert get(link, headers={"If-None-Match": get(link).headers["ETag"]}).status_code == 304
    assert get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == get("/files/nonsense").status_code == 404
    with time_machine.travel(now() + timedelta(seconds=301)):
        assert get(link).status_code == 404
    cast.member.delete(f"/uploads/{made['id']}")
    assert get(link).status_code == 404
    assert client.get(f"/uploads/{made['id']}/download").status_code == 401
    assert cast.viewer.get(f"/uploads/{upload(CSV).json['data']['id']}/download", size="thumb").status_code == 404


def test_deleted_by_whoever_made_it_or_an_admin_and_restored_by_admins(cast: Any, upload: Any, fetch: Any) -> None:
    made, admins = upload(CSV).json["data"], upload(CSV, who=cast.admin).json["data"]
    assert cast.viewer.delete(f"/uploads/{made['id']}").status_code == cast.member.delete(f"/uploads/{admins['id']}").status_code == 403
    gone = cast.member.delete(f"/uploads/{made['id']}")
    assert (gone.status_code, gone.json["data"]["is_active"]) == (200, False)
    assert cast.member.get(f"/uploads/{made['id']}").status_code == cast.member.delete(f"/uploads/{made['id']}").status_code == 404
    assert cast.member.get("/uploads", include_deleted="true").status_code == 403
    assert len(names(cast.admin.get("/uploads", include_deleted="true"))) == 2
    assert cast.admin.get(f"/uploads/{made['id']}?include_deleted=true").status_code == 200
    assert cast.member.post(f"/uploads/{made['id']}/restore").status_code == 403
    back = cast.admin.post(f"/uploads/{made['id']}/restore")
    assert (back.status_code, back.json["data"]["is_active"]) == (200, True)
    assert fetch(made).data == CSV
    rows = cast.admin.get("/audit-logs", resource_id=made["id"]).json["data"]
    assert [row["action"] for row in rows if row["status"] == "success"] == ["upload.restored", "upload.deleted", "upload.made"]


def test_nobody_elsewhere_sees_any_of_it(app: Any, cast: Any, upload: Any) -> None:
    made = upload(CSV, "ours.csv").json["data"]
    path = f"/uploads/{made['id']}"
    for answer in (cast.stranger.get(path), cast.stranger.get(f"{path}/download"), cast.stranger.delete(path), cast.stranger.post(f"{path}/restore")):
        assert (answer.status_code, answer.json["error"]) == (404, "not_found")
    assert names(cast.stranger.get("/uploads")) == names(cast.stranger.get("/uploads", q="webform")) == []
    assert names(cast.root.get("/uploads")) == ["ours.csv"]


def test_a_sites_key_sees_what_is_of_its_site_alone(app: Any, cast: Any, upload: Any) -> None:
    with factories.writing(app):
        site, other = factories.site(cast.organization), factories.site(cast.organization)
    key = cast.key("read", "write", site=site)
    upload(CSV, "ours.csv", site_id=site.id)
    upload(CSV, "theirs.csv", site_id=other.id)
    upload(CSV, "all.csv")
    assert names(key.get("/uploads")) == ["ours.csv"]
    assert upload(CSV, who=key, organization_id=None).json["data"]["site_id"] == str(site.id)
    assert upload(CSV, who=key, site_id=other.id).status_code == 404


def test_files_of_deleted_uploads_go_after_their_time(app: Any, cast: Any, upload: Any, kept: Any) -> None:
    old, young, there = (upload(content, "a").json["data"] for content in (picture(), CSV, b"words"))
    for each, days in ((old, 31), (young, 29)):
        cast.member.delete(f"/uploads/{each['id']}")
        with app.app_context(), unit_of_work(ALL):
            execute("UPDATE uploads SET deleted_at = now() - make_interval(days => :days) WHERE id = :id", days=days, id=each["id"])
    assert len(kept()) == 5
    with app.app_context():
        assert jobs.forget_files(0) == 0
    with app.app_context():
        assert jobs.forget_files(30) == 1
    assert sorted(key.split("/")[1] for key in kept()) == sorted([young["id"], there["id"]])
    refused = cast.admin.post(f"/uploads/{old['id']}/restore")
    assert (refused.status_code, refused.json["error"]) == (409, "conflict")
    assert cast.admin.get(f"/uploads/{old['id']}?include_deleted=true").json["data"]["purged_at"] is not None
    assert cast.admin.post(f"/uploads/{young['id']}/restore").status_code == 200
    assert cast.admin.get("/audit-logs", action="upload.file_removed").json["meta"]["total"] == 1


def test_strays_go_and_what_is_young_or_known_stays(app: Any, cast: Any, upload: Any, store: Any, kept: Any) -> None:
    known = upload(CSV).json["data"]
    for key in ("uploads/not-an-id/x", f"uploads/{UUID(int=7)}/x", f"uploads/{UUID(int=7)}/x-thumb"):
        store.put(key, BytesIO(b"."))
    with app.app_context(), unit_of_work(ALL):
        assert actions.sweep_strays(store, now()) == 0
    with app.app_context(), unit_of_work(ALL):
        assert actions.sweep_strays(store, now() + timedelta(days=2)) == 3
    assert [key.split("/")[1] for key in kept()] == [known["id"]]


def test_they_go_with_their_organization_and_come_back_with_it(cast: Any, upload: Any) -> None:
    before, made = upload(CSV, "before.csv").json["data"], upload(CSV).json["data"]
    cast.member.delete(f"/uploads/{before['id']}")
    place = f"/organizations/{cast.organization.id}"
    cast.root.delete(place)
    assert cast.root.get(f"/uploads/{made['id']}").status_code == 404
    assert cast.root.post(f"/uploads/{made['id']}/restore").status_code == 409
    cast.root.post(f"{place}/restore")
    assert names(cast.member.get("/uploads")) == ["list.csv"]


@pytest.fixture
def bucket(app: Any, store: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    with buckets.serving() as server:
        monkeypatch.setitem(app.extensions, KEPT, Bucket(Address("s3", buckets.BUCKET, "", server.address, buckets.REGION, buckets.USER, buckets.SECRET)))
        yield server


def count_of(app: Any, table: str) -> int:
    with app.app_context(), unit_of_work(ALL):
        return int(rows(f"SELECT count(*) AS rows FROM {table}")[0].rows)


def test_a_bucket_that_is_down_is_503_and_leaves_nothing(app: Any, bucket: Any, cast: Any, upload: Any, fetch: Any) -> None:
    made = upload(picture()).json["data"]
    assert len(bucket.objects) == 3
    audited = count_of(app, "audit_log")
    bucket.is_down = True
    refused = upload(CSV)
    assert (refused.status_code, refused.json["error"], refused.headers["Retry-After"]) == (503, "service_unavailable", "5")
    assert fetch(made).status_code == 503
    bucket.is_down = False
    assert (count_of(app, "uploads"), count_of(app, "audit_log"), len(bucket.objects)) == (1, audited, 3)
    assert fetch(made, "thumb").status_code == 200


def test_what_fails_after_it_was_kept_is_taken_back(app: Any, bucket: Any, cast: Any, upload: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("the power went off")

    with app.app_context():
        session = db.session.session_factory.class_
    monkeypatch.setattr(session, "commit", lambda *_: broken())
    app.config["PROPAGATE_EXCEPTIONS"], before = False, app.config["PROPAGATE_EXCEPTIONS"]
    try:
        assert upload(picture()).status_code == 500
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = before
    assert bucket.objects == {}


def test_the_list_costs_the_same_for_one_and_for_many(app: Any, cast: Any, upload: Any) -> None:
    from tests.house.test_query_counts import counted

    upload(CSV)
    costs = [counted(app, lambda: cast.viewer.get("/uploads"))]
    for _ in range(4):
        upload(CSV)
    costs.append(counted(app, lambda: cast.viewer.get("/uploads")))
    assert costs[0] == costs[1]
