"""What the rooms around the fleet put into the world: people who are out or have a second factor, findings, and work."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from tests import factories, outbox
from tests.insights.hooks import github, work
from webapp.kit.clock import now, stamp
from webapp.kit.db import execute
from webapp.kit.jobs import ask


def made(answer: Any) -> Any:
    """The `data` of an answer that must be a success."""
    assert answer.status_code in (200, 201, 202), answer.text
    return answer.json["data"]


def people_of(app: Any, cast: Any) -> dict[str, str]:
    """Somebody who is suspended, and somebody with a second factor."""
    from webapp.accounts.models import SecondFactor
    from webapp.kit.db import db

    with factories.writing(app):
        suspended = factories.user("suspended@meridian.example", cast.organization)
        careful = factories.user("careful@meridian.example", cast.organization, two_factor_at=now())
        db.session.add(SecondFactor(user_id=careful.id, secret="JBSWY3DPEHPK3PXP", created_at=now()))
        sign_in = factories.sign_in(careful)
    made(cast.root.post(f"/admin/users/{suspended.id}/suspend", {}))
    return {"suspended_user": str(suspended.id), "careful_user": str(careful.id), "sign_in": str(sign_in.id), "session": str(sign_in.id)}


def findings_of(app: Any, cast: Any, things: dict[str, str]) -> dict[str, str]:
    """Two findings about the site: one is open, of the other a decision waits for a second person."""
    from webapp.catalog.actions.advisories import import_advisories
    from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of

    names = ("SA-CONTRIB-2026-001", "SA-CONTRIB-2026-002")
    records = [AdvisoryRecord(source="osv-drupal", source_id=name, ids=ids_of([name]), published_at=factories.ago(days=1),
                              affected=(Affected("webform", "<6.2.9"),)) for name in names]
    with factories.writing(app):
        import_advisories(records, now())
    outbox.work(app, "exposure.evaluate")
    found = {row["advisory"]["name"] if isinstance(row["advisory"], dict) else row["advisory"]: row
             for row in cast.admin.get("/exposures", site_id=things["site"]).json["data"]}
    asks_two = {"settings": {"require_second_approver": True}}
    made(cast.admin.patch(f"/organizations/{things['organization']}", asks_two))
    until = stamp(now().replace(year=now().year + 1, day=1))
    body = {"reason": "Only editors of Meridian reach it.", "expires_at": until}
    decision = made(cast.member.post(f"/exposures/{found[names[1]]['id']}/accept", body))
    advisory = made(cast.admin.get("/advisories", q=names[0]))[0]["id"]
    return {"exposure": found[names[0]]["id"], "decision": decision["id"], "advisory": advisory}


def repositories_of(cast: Any) -> dict[str, str]:
    """A repository with a commit and a reviewed pull request, and a deleted one."""
    value = {"organization_id": str(cast.organization.id), "default_branch": "main"}
    ours, gone = (made(cast.admin.post("/repositories", {**value, "name": name, "url": f"https://git.example/{place}"}))["id"]
                  for place, name in enumerate(("Website of Meridian", "Old site of Meridian")))
    made(cast.admin.delete(f"/repositories/{gone}"))
    commit = {"sha": "5" * 40, "parents": [], "author_name": "Bela of Meridian", "author_email": "bela@meridian.example",
              "authored_at": stamp(now()), "committed_at": stamp(now()), "message": "Begin"}
    same = {**commit, "sha": "6" * 40, "author_email": "bela@home.example"}
    made(cast.member.post(f"/repositories/{ours}/commits", {"items": [commit, same, {**same, "sha": "7" * 40, "author_email": "b@home.example"}]}))
    review = {"reviewer_email": "ada@meridian.example", "state": "approved", "submitted_at": stamp(now())}
    request = {"number": 1, "title": "Begin", "author_email": "bela@meridian.example", "state": "open", "created_at": stamp(now())}
    made(cast.member.post(f"/repositories/{ours}/pull-requests", {**request, "reviews": [review]}))
    return {"repository": ours, "deleted_repository": gone} | webhooks_of(cast) | developers_of(cast)


def developers_of(cast: Any) -> dict[str, str]:
    """The developer of that commit, and the reviewer made one with them."""
    made(cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"developer_metrics": "members"}}))
    found = {row["identities"][0]["value"]: row["id"] for row in made(cast.admin.get("/developers"))}
    developer, other, merged, guest = (found[f"{name}.example"] for name in ("bela@meridian", "ada@meridian", "bela@home", "b@home"))
    made(cast.admin.post(f"/developers/{merged}/merge", {"into_id": developer}))
    return {"developer": developer, "other_developer": other, "merged_developer": merged, "guest_developer": guest}


def webhooks_of(cast: Any) -> dict[str, str]:
    """A webhook endpoint with a delivery that was read, and a deleted one."""
    value = {"organization_id": str(cast.organization.id), "provider": "github"}
    endpoint, gone = (made(cast.admin.post("/webhook-endpoints", {**value, "name": name})) for name in ("GitHub of Meridian", "Past hook of Meridian"))
    made(cast.admin.delete(f"/webhook-endpoints/{gone['id']}"))
    delivery = made(github(cast.app, endpoint, "ping", {"zen": "of Meridian"}))["id"]
    work(cast.app)
    return {"webhook_endpoint": endpoint["id"], "deleted_webhook_endpoint": gone["id"], "webhook_delivery": delivery}


def notifications_of(app: Any, cast: Any) -> dict[str, str]:
    """A channel with a rule and a message that was delivered, one that no rule uses, and a deleted one of each."""
    from webapp.kit.db import db
    from webapp.notify.models import NotificationDelivery

    place = str(cast.organization.id)
    hook = {"organization_id": place, "kind": "webhook", "url": "https://hooks.meridian.example/patchboard"}
    channel, unused, gone = (made(cast.admin.post("/notification-channels", {**hook, "name": f"{name} of Meridian"}))["id"]
                             for name in ("Pager", "Spare", "Past pager"))
    rule, past = (made(cast.admin.post("/notification-rules", {
        "organization_id": place, "name": f"{name} of Meridian", "channel_id": channel, "events": ["exposure.opened"]}))["id"]
        for name in ("Alarm", "Past alarm"))
    made(cast.admin.delete(f"/notification-channels/{gone}"))
    made(cast.admin.delete(f"/notification-rules/{past}"))
    with factories.writing(app):
        delivery = NotificationDelivery(
            organization_id=cast.organization.id, channel_id=UUID(channel), rule_id=UUID(rule), event="exposure.opened", state="delivered",
            title="Town hall of Meridian is exposed", payload={"type": "exposure.opened", "data": {}}, items_count=1,
            created_at=factories.ago(hours=1), gathered_at=factories.ago(hours=1), delivered_at=factories.ago(hours=1), tries=1)
        db.session.add(delivery)
        db.session.flush()
    return {"channel": channel, "unused_channel": unused, "deleted_channel": gone, "rule": rule, "deleted_rule": past,
            "delivery": str(delivery.id)}


def uploads_of(cast: Any, things: dict[str, str]) -> dict[str, str]:
    """A file of the member for the site, and a deleted one."""
    def upload(name: str) -> str:
        sent = {"site_id": things["site"], "file": (BytesIO(b"words,of\nMeridian,too\n"), f"{name} of Meridian.csv")}
        return str(made(cast.member.send("POST", "/uploads", data=sent, content_type="multipart/form-data"))["id"])

    found = {"upload": upload("List"), "deleted_upload": upload("Past list")}
    made(cast.member.delete(f"/uploads/{found['deleted_upload']}"))
    return found


def deliveries_of(cast: Any, things: dict[str, str]) -> dict[str, str]:
    """A deployment with an incident, and one of each that was taken back."""
    place = {"repository_id": things["repository"]}
    told = {**place, "environment": "production", "status": "success", "finished_at": "2026-02-18T16:12:00Z", "ref": "main of Meridian"}
    down = {**place, "title": "Down at Meridian", "opened_at": "2026-02-18T17:00:00Z"}
    found = {name: made(cast.member.post(path, body))["id"] for name, path, body in (
        ("deployment", "/deployments", told), ("deleted_deployment", "/deployments", {**told, "environment": "staging"}),
        ("incident", "/incidents", down), ("deleted_incident", "/incidents", {**down, "title": "Nothing at Meridian"}))}
    for kind in ("deployment", "incident"):
        made(cast.admin.delete(f"/{kind}s/{found[f'deleted_{kind}']}"))
    return found | plans_of(cast, things) | {"number": "change_failure_rate"}


def plans_of(cast: Any, things: dict[str, str]) -> dict[str, str]:
    """A sprint that is planned, one that has begun, a measurement, and one of each that was taken back."""
    sprint = {"team_id": things["team"], "name": "Sprint of Meridian", "start_date": "2026-02-02", "end_date": "2026-02-15"}
    measured = {"repository_id": things["repository"], "measured_at": "2026-02-18T16:12:00Z", "bugs": 1, "source": "tool of Meridian"}
    found = {name: made(cast.member.post("/sprints", sprint))["id"] for name in ("sprint", "begun_sprint", "deleted_sprint")}
    found |= {name: made(cast.member.post("/quality-measurements", {**measured, "external_id": name}))["id"]
              for name in ("measurement", "deleted_measurement")}
    made(cast.member.post(f"/sprints/{found['begun_sprint']}/start"))
    made(cast.admin.delete(f"/sprints/{found['deleted_sprint']}"))
    made(cast.admin.delete(f"/quality-measurements/{found['deleted_measurement']}"))
    return found


def work_of(app: Any) -> dict[str, str]:
    """A job that waits, and one that has failed."""
    with factories.writing(app):
        queued, failed = (ask("exposure.evaluate", {"advisory_ids": []}, now()) for _ in range(2))
        execute("UPDATE job_outbox SET state = 'failed' WHERE id = :id", id=failed)
    return {"job": str(queued), "failed_job": str(failed), "project": "webform", "advisory_source": "osv"}


def tasks_of(cast: Any, things: dict[str, str]) -> dict[str, str]:
    """A task of the site, a deleted one, and one that is the member's alone."""
    body = {"title": "Update Webform of Meridian", "site_id": things["site"], "advisory_id": things["advisory"], "assignee_id": things["user"]}
    task, gone = (made(cast.member.post("/tasks", body))["id"] for _ in range(2))
    made(cast.member.delete(f"/tasks/{gone}"))
    own = made(cast.member.post("/tasks", {"title": "Read about Meridian"}))["id"]
    comment = made(cast.member.post(f"/tasks/{task}/comments", {"text": "On it, for Meridian"}))["id"]
    rule, past = (made(cast.admin.post("/task-rules", {"organization_id": things["organization"], "name": f"{name} of Meridian", "assign": "nobody"}))["id"]
                  for name in ("Work", "Past work"))
    made(cast.admin.delete(f"/task-rules/{past}"))
    return {"task": task, "deleted_task": gone, "own_task": own, "comment": comment, "task_rule": rule, "deleted_task_rule": past}
