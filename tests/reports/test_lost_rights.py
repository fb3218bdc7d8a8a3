"""What somebody may no longer see when a worker gets to their report is not built for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.cast import signed_in
from webapp.kit.db import execute
from webapp.reports.actions import NO_LONGER

GONE = {
    "removed from the organization": ("UPDATE memberships SET deleted_at = now() WHERE user_id = :person", True),
    "a viewer now": ("UPDATE memberships SET role = 'viewer' WHERE user_id = :person", True),
    "deleted": ("UPDATE users SET deleted_at = now() WHERE id = :person", True),
    "organization deleted": ("UPDATE organizations SET deleted_at = now() WHERE id = :place", True),
    "member of another as well": ("UPDATE users SET full_name = 'Still here' WHERE id = :person", False),
}


@pytest.mark.parametrize("event", GONE)
def test_rights_are_looked_at_when_it_is_built(app: Any, cast: Any, fleet: Any, work: Any, event: str) -> None:
    statement, lost = GONE[event]
    asked = cast.member.post("/reports", {"kind": "module_updates", "formats": ["csv"]}).json["data"]
    with factories.writing(app):
        values = {"person": cast.member.id, "place": cast.organization.id}
        execute(statement, **{name: each for name, each in values.items() if f":{name}" in statement})
    work()
    report = cast.root.get(f"/reports/{asked['id']}").json["data"]
    assert (report["status"], report["error"]) == (("failed", NO_LONGER) if lost else ("done", None))
    assert bool(report["files"]) is not lost


def test_a_superuser_who_is_none_any_more_gets_no_report_on_everything(app: Any, cast: Any, fleet: Any, work: Any) -> None:
    with factories.writing(app):
        other = factories.user(is_superuser=True)
    asked = signed_in(app, other).post("/reports", {"kind": "module_updates", "formats": ["csv"]}).json["data"]
    with factories.writing(app):
        execute("UPDATE users SET is_superuser = false WHERE id = :id", id=other.id)
    work()
    assert cast.root.get(f"/reports/{asked['id']}").json["data"]["status"] == "failed"


def test_a_revoked_key_gets_no_report(app: Any, cast: Any, fleet: Any, work: Any) -> None:
    made = cast.admin.post("/api-keys", {"name": "Reports", "scopes": ["admin"], "organization_id": str(cast.organization.id)}).json["data"]
    body = {"kind": "module_updates", "formats": ["csv"]}
    before, after = (cast.root.post("/reports", body, {"X-API-Key": made["secret"]}).json["data"] for _ in range(2))
    first = cast.root.get(f"/reports/{before['id']}").json["data"]
    assert first["status"] == "queued"
    cast.admin.delete(f"/api-keys/{made['id']}")
    work()
    assert {cast.root.get(f"/reports/{each['id']}").json["data"]["status"] for each in (before, after)} == {"failed"}


def test_it_is_in_the_audit_log(app: Any, cast: Any, fleet: Any, work: Any) -> None:
    asked = cast.member.post("/reports", {"kind": "module_updates", "formats": ["csv"]}).json["data"]
    with factories.writing(app):
        execute("UPDATE memberships SET deleted_at = now() WHERE user_id = :id", id=cast.member.id)
    work()
    rows = cast.root.get("/audit-logs", resource_id=asked["id"]).json["data"]
    assert rows[0]["action"] == "report.failed"
