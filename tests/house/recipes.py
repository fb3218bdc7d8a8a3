"""What a request to each route needs beyond its path's ids and the documented example of its body.

The default is enough for most routes: `<uuid:site_id>` is the world's `site`, the body is the example of the OpenAPI document (for
a page, an example of its form) with the world's ids. A recipe says what is different: `things` by the path's names, the `body`, the
`query`, which thing the route is about when no principal can be let in (`refused`, with the reason).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.factories import PASSWORD
from webapp.kit.web.openapi_examples import identity

ORGANIZATION, SITE = identity("organization"), identity("site")
NOTHING: dict[str, Any] = {}
REPORT = {"drupal": {"core_version": "10.3.8"}, "modules": [{"name": "webform", "version": "6.2.9", "enabled": True}]}
MEMBER = {"email": "new@meridian.example", "role": "viewer", "organization_id": ORGANIZATION}
PLACE = {"organization_id": ORGANIZATION}
RUN = {"started_at": "2026-02-18T16:05", "status": "success", "trigger": "manual", "updates": "webform 6.2.7 6.2.9"}
NEW_SITE = {"organization_id": ORGANIZATION, "name": "Pool", "url": "https://pool.example", "environment": "production",
            "criticality": "normal", "report_interval_minutes": "1440"}
TASK_RULE = {**PLACE, "name": "New work", "assign": "owner", "is_enabled": "1"}
TASK = {"title": "Update", "priority": "low", "status": "pending"}
SCHEDULE = {**PLACE, "name": "Evidence", "kind": "module_updates", "formats": "csv", "cron": "0 6 * * 1", "timezone": "UTC"}

RULE = {"name": "Night alarm", "channel_id": identity("channel"), "events": "exposure.opened", "timing": "daily", "hour": "7", "weekday": "1",
        "is_enabled": "1"}


@dataclass(frozen=True)
class Recipe:
    """How a route is asked for something that exists. `twin` is the JSON route that a page shares its rules with; '' for none."""

    things: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: str = ""
    refused: str = ""
    twin: str | None = None


def restoring(name: str, thing: str, **more: Any) -> Recipe:
    return Recipe({name: thing}, **more)


LATER = {"reason": "Behind a login.", "expires_at": "2027-05-31T00:00:00Z"}
OWN_FACTOR = Recipe(refused="whose second factor is not set up has none to change: tests/accounts/test_second_factor.py", twin="")
OWN_SIGN_IN = Recipe(refused="a sign-in is its owner's alone: tests/accounts/test_sessions.py")

OF_WEBHOOK = Recipe({"delivery_id": "webhook_delivery"})
BY_SECRET = Recipe(refused="only the secret of the endpoint opens it: tests/insights/test_webhooks.py")
NO_FEEDS = "no server fetches feeds in tests, and says so with 409: tests/catalog/test_fetching.py"

DOWN = {"title": "Down", "repository_id": identity("repository"), "opened_at": "2026-02-18T17:00:00Z"}
NEW_SPRINT = {"team_id": identity("team"), "name": "Sprint 12", "start_date": "2026-02-02", "end_date": "2026-02-15"}
YEAR = "?start_date=2026-01-01&end_date=2026-12-31&explain=1"

RECIPES: dict[str, Recipe] = {
    **{f"GET /api/v1/analytics/{name}": Recipe(query=YEAR) for name in ("code-quality", "cycle-time", "dora-metrics")},
    "GET /api/v1/analytics/velocity": Recipe(refused="it names a team in its query: tests/insights/test_planning.py"),
    "POST /admin/advisory-feeds/<source>/refresh": Recipe({"source": "advisory_source"}, refused=NO_FEEDS),
    "POST /api/v1/admin/advisory-feeds/<source>/refresh": Recipe({"source": "advisory_source"}, refused=NO_FEEDS),
    "POST /admin/feeds/<project>/refresh": Recipe({"project": "project"}, refused=NO_FEEDS),
    "POST /api/v1/admin/feeds/<project>/refresh": Recipe({"project": "project"}, refused=NO_FEEDS),
    "POST /admin/jobs/<uuid:job_id>/retry": Recipe({"job_id": "failed_job"}),
    "POST /api/v1/admin/jobs/<uuid:job_id>/retry": Recipe({"job_id": "failed_job"}),
    "POST /exposures/accept": Recipe(twin=""),  # it asks what is meant, and changes nothing
    "POST /exposures/accept/apply": Recipe(body={**LATER, "ids": identity("exposure")}, twin="POST /api/v1/exposures/accept"),
    "GET /files/<token>": Recipe({"token": "upload"}, refused="only a link that was given opens it: tests/files/test_uploads.py", twin=""),
    "POST /api/v1/uploads": Recipe(body={**PLACE, "file": "a,b\n1,2\n"}),
    "POST /api/v1/uploads/<uuid:upload_id>/restore": restoring("upload_id", "deleted_upload"),
    "GET /login/code": Recipe(refused="it comes after a right password: tests/accounts/test_pages_second_factor.py", twin=""),
    "POST /login/code": Recipe(refused="it comes after a right password: tests/accounts/test_pages_second_factor.py", twin=""),
    "POST /api/v1/admin/users/<uuid:user_id>/reinstate": Recipe({"user_id": "suspended_user"}),
    "POST /api/v1/admin/users/<uuid:user_id>/reset-two-factor": Recipe({"user_id": "careful_user"}),
    "POST /members/<uuid:user_id>/suspend": Recipe(twin="POST /api/v1/admin/users/<uuid:user_id>/suspend"),
    "POST /members/<uuid:user_id>/reinstate": Recipe(
        {"user_id": "suspended_user"}, twin="POST /api/v1/admin/users/<uuid:user_id>/reinstate"),
    "POST /members/<uuid:user_id>/reset-two-factor": Recipe(
        {"user_id": "careful_user"}, twin="POST /api/v1/admin/users/<uuid:user_id>/reset-two-factor"),
    "POST /api/v1/auth/2fa/disable": OWN_FACTOR,
    "POST /api/v1/auth/2fa/enable": OWN_FACTOR,
    "POST /api/v1/auth/2fa/recovery-codes": OWN_FACTOR,
    "POST /profile/two-factor/disable": OWN_FACTOR,
    "POST /profile/two-factor/enable": OWN_FACTOR,
    "POST /profile/two-factor/recovery-codes": OWN_FACTOR,
    "DELETE /api/v1/auth/sessions/<uuid:session_id>": OWN_SIGN_IN,
    "POST /profile/sign-ins/<uuid:sign_in_id>/end": OWN_SIGN_IN,
    "POST /api/v1/auth/password/reset": Recipe(refused="the token of a letter is its owner's: tests/accounts/test_password_reset.py"),
    "POST /password/new": Recipe(refused="the token of a letter is its owner's: tests/accounts/test_password_reset.py"),
    "POST /api/v1/exposures/<uuid:exposure_id>/accept": Recipe(body=LATER),
    "POST /api/v1/exposures/accept": Recipe(body={**LATER, "ids": [identity("exposure")]}),
    "POST /api/v1/api-keys/<uuid:key_id>/restore": restoring("key_id", "revoked_key"),
    "POST /api/v1/auth/refresh": Recipe(body={"refresh_token": "not one"}, refused="a refresh token is its owner's; see test_signing"),
    "POST /api/v1/auth/register": Recipe(refused="registration is off unless the operator wants it"),
    "GET /api/v1/events": Recipe(refused="a stream needs the web server of the Procfile; see tests/ops/test_live_events.py"),
    "GET /api/v1/search": Recipe(query="?q=Town hall"),
    "POST /api/v1/graphql": Recipe(body={"query": "{ organizations { nodes { id name } } }"}),
    "POST /api/v1/ingest": Recipe(body=REPORT),
    "POST /api/v1/organizations/<uuid:organization_id>/restore": restoring("organization_id", "closed_organization"),
    "DELETE /api/v1/notification-channels/<uuid:channel_id>": Recipe({"channel_id": "unused_channel"}),
    "POST /api/v1/notification-channels/<uuid:channel_id>/restore": restoring("channel_id", "deleted_channel"),
    "POST /api/v1/notification-rules/<uuid:rule_id>/restore": restoring("rule_id", "deleted_rule"),
    "POST /notification-channels/new": Recipe(
        body={**PLACE, "kind": "webhook", "name": "Night watch", "url": "https://hooks.meridian.example/night"},
        twin="POST /api/v1/notification-channels"),
    "GET /notification-channels/<uuid:channel_id>/edit": Recipe(twin="PATCH /api/v1/notification-channels/<uuid:channel_id>"),
    "POST /notification-channels/<uuid:channel_id>/edit": Recipe(
        body={**PLACE, "kind": "webhook", "name": "Day watch", "is_enabled": "1"}, twin="PATCH /api/v1/notification-channels/<uuid:channel_id>"),
    "POST /notification-channels/<uuid:channel_id>/delete": Recipe(
        {"channel_id": "unused_channel"}, twin="DELETE /api/v1/notification-channels/<uuid:channel_id>"),
    "POST /notification-channels/<uuid:channel_id>/restore": restoring("channel_id", "deleted_channel"),
    "POST /notification-rules/new": Recipe(body=RULE, twin="POST /api/v1/notification-rules"),
    "GET /notification-rules/<uuid:rule_id>/edit": Recipe(twin="PATCH /api/v1/notification-rules/<uuid:rule_id>"),
    "POST /notification-rules/<uuid:rule_id>/edit": Recipe(body=RULE, twin="PATCH /api/v1/notification-rules/<uuid:rule_id>"),
    "POST /notification-rules/<uuid:rule_id>/delete": Recipe(twin="DELETE /api/v1/notification-rules/<uuid:rule_id>"),
    "POST /notification-rules/<uuid:rule_id>/restore": restoring("rule_id", "deleted_rule"),
    "POST /api/v1/reports": Recipe(body={"kind": "module_updates", "formats": ["csv"], "parameters": {"organization_id": ORGANIZATION}}),
    "POST /api/v1/reports/<uuid:report_id>/cancel": Recipe({"report_id": "queued_report"}),
    "POST /api/v1/reports/<uuid:report_id>/retry": Recipe({"report_id": "cancelled_report"}),
    "POST /api/v1/deployments/<uuid:deployment_id>/restore": restoring("deployment_id", "deleted_deployment"),
    "POST /api/v1/incidents/<uuid:incident_id>/restore": restoring("incident_id", "deleted_incident"),
    "POST /api/v1/quality-measurements/<uuid:measurement_id>/restore": restoring("measurement_id", "deleted_measurement"),
    "POST /api/v1/sprints/<uuid:sprint_id>/restore": restoring("sprint_id", "deleted_sprint"),
    "POST /api/v1/sprints/<uuid:sprint_id>/close": Recipe({"sprint_id": "begun_sprint"}),
    "POST /api/v1/repositories/<uuid:repository_id>/restore": restoring("repository_id", "deleted_repository"),
    "POST /api/v1/webhook-endpoints/<uuid:webhook_endpoint_id>/restore": restoring("webhook_endpoint_id", "deleted_webhook_endpoint"),
    "GET /api/v1/webhook-endpoints/<uuid:webhook_endpoint_id>/deliveries/<uuid:delivery_id>": OF_WEBHOOK,
    "POST /api/v1/webhook-endpoints/<uuid:webhook_endpoint_id>/deliveries/<uuid:delivery_id>/replay": OF_WEBHOOK,
    "GET /repositories/<uuid:repository_id>/edit": Recipe(twin="PATCH /api/v1/repositories/<uuid:repository_id>"),
    "POST /repositories/<uuid:repository_id>/edit": Recipe(
        body={**PLACE, "name": "Website", "url": "https://git.example/web"}, twin="PATCH /api/v1/repositories/<uuid:repository_id>"),
    "POST /repositories/<uuid:repository_id>/delete": Recipe(twin="DELETE /api/v1/repositories/<uuid:repository_id>"),
    "POST /repositories/<uuid:repository_id>/restore": restoring("repository_id", "deleted_repository"),
    "POST /repositories/new": Recipe(
        body={**PLACE, "name": "Website", "url": "https://git.example/web"}, twin="POST /api/v1/repositories"),
    "GET /developers/<uuid:developer_id>/edit": Recipe(twin="PATCH /api/v1/developers/<uuid:developer_id>"),
    "POST /developers/<uuid:developer_id>/edit": Recipe(body={"name": "Bela S."}, twin="PATCH /api/v1/developers/<uuid:developer_id>"),
    "POST /developers/<uuid:developer_id>/merge": Recipe(
        {"developer_id": "guest_developer"}, body={"into_id": identity("other_developer")}),
    "POST /developers/<uuid:developer_id>/unmerge": Recipe({"developer_id": "merged_developer"}),
    "POST /webhook-endpoints/new": Recipe(body={**PLACE, "provider": "github", "name": "Hook"}, twin="POST /api/v1/webhook-endpoints"),
    "POST /webhook-endpoints/<uuid:webhook_endpoint_id>/rotate": Recipe(body={"overlap_hours": "24"}),
    "POST /webhook-endpoints/<uuid:webhook_endpoint_id>/delete": Recipe(
        twin="DELETE /api/v1/webhook-endpoints/<uuid:webhook_endpoint_id>"),
    "POST /webhook-endpoints/<uuid:webhook_endpoint_id>/restore": restoring("webhook_endpoint_id", "deleted_webhook_endpoint"),
    "GET /webhook-endpoints/<uuid:webhook_endpoint_id>/deliveries/<uuid:delivery_id>": OF_WEBHOOK,
    "POST /webhook-endpoints/<uuid:webhook_endpoint_id>/deliveries/<uuid:delivery_id>/replay": OF_WEBHOOK,
    "POST /api/v1/developers/<uuid:developer_id>/merge": Recipe(
        {"developer_id": "guest_developer"}, body={"into_id": identity("other_developer")}),
    "POST /api/v1/developers/<uuid:developer_id>/unmerge": Recipe({"developer_id": "merged_developer"}),
    "POST /api/v1/webhooks/github/<uuid:webhook_endpoint_id>": BY_SECRET,
    "POST /api/v1/webhooks/gitlab/<uuid:webhook_endpoint_id>": BY_SECRET,
    "POST /api/v1/sites/<uuid:site_id>/modules": Recipe(body=REPORT),
    "POST /api/v1/sites/<uuid:site_id>/restore": restoring("site_id", "deleted_site"),
    "POST /api/v1/teams/<uuid:team_id>/restore": restoring("team_id", "deleted_team"),
    "DELETE /api/v1/teams/<uuid:team_id>/members/<uuid:user_id>": Recipe({"user_id": "team_member"}),
    "POST /api/v1/users/<uuid:user_id>/restore": restoring("user_id", "deleted_user"),
    "POST /api-keys/<uuid:key_id>/restore": restoring("key_id", "revoked_key"),
    "POST /api-keys/new": Recipe(body={"name": "Export", "organization_id": ORGANIZATION, "scopes": "read"}, twin="POST /api/v1/api-keys"),
    "POST /login": Recipe(body={"email": "ada@meridian.example", "password": PASSWORD}, twin="POST /api/v1/auth/login"),
    "POST /logout": Recipe(refused="whoever has signed out is shown the sign-in page", twin=""),
    "POST /members/new": Recipe(body=MEMBER, twin="POST /api/v1/users"),
    "POST /members/<uuid:user_id>/role": Recipe(
        body={**PLACE, "role": "viewer"}, twin="PUT /api/v1/organizations/<uuid:organization_id>/members/<uuid:user_id>"),
    "POST /members/<uuid:user_id>/remove": Recipe(
        body=PLACE, twin="DELETE /api/v1/organizations/<uuid:organization_id>/members/<uuid:user_id>"),
    "POST /organizations/<uuid:organization_id>/delete": Recipe(
        body={"confirm": "Meridian"}, twin="DELETE /api/v1/organizations/<uuid:organization_id>"),
    "POST /organizations/<uuid:organization_id>/restore": restoring("organization_id", "closed_organization"),
    "POST /organizations/current": Recipe(body=PLACE),
    "POST /profile": Recipe(body={"email": "moved@meridian.example", "full_name": "Moved"}, twin="PUT /api/v1/auth/me"),
    "POST /profile/password": Recipe(twin="POST /api/v1/auth/password"),
    "GET /profile": Recipe(twin="GET /api/v1/auth/me"),
    "GET /audit-log": Recipe(twin="GET /api/v1/audit-logs"),
    "GET /members": Recipe(twin="GET /api/v1/users"),
    "GET /members/<uuid:user_id>": Recipe(twin="GET /api/v1/users/<uuid:user_id>"),
    "GET /overview": Recipe(twin="GET /api/v1/sites"),
    "GET /sites/<uuid:site_id>/edit": Recipe(twin="PATCH /api/v1/sites/<uuid:site_id>"),
    "GET /sites/<uuid:site_id>/patch-runs": Recipe(twin="GET /api/v1/sites/<uuid:site_id>/patch-run"),
    "GET /sites/<uuid:site_id>/received": Recipe(twin="GET /api/v1/sites/<uuid:site_id>/inventory-reports"),
    "POST /sites/<uuid:site_id>/connect": Recipe(twin="POST /api/v1/api-keys"),
    "POST /sites/<uuid:site_id>/delete": Recipe(twin="DELETE /api/v1/sites/<uuid:site_id>"),
    "GET /organizations/<uuid:organization_id>/edit": Recipe(twin="PATCH /api/v1/organizations/<uuid:organization_id>"),
    "POST /organizations/<uuid:organization_id>/edit": Recipe(twin="PATCH /api/v1/organizations/<uuid:organization_id>"),
    "POST /organizations/new": Recipe(twin="POST /api/v1/organizations"),
    "POST /api-keys/<uuid:key_id>/revoke": Recipe(twin="DELETE /api/v1/api-keys/<uuid:key_id>"),
    "GET /insights": Recipe(query=YEAR, twin="GET /api/v1/analytics/dora-metrics"),
    "GET /insights/why/<name>": Recipe({"name": "number"}, query=YEAR, twin="GET /api/v1/analytics/dora-metrics"),
    **{f"GET /insights/{name}": Recipe(query=YEAR, twin=f"GET /api/v1/analytics/{name}") for name in ("code-quality", "cycle-time")},
    "POST /incidents/new": Recipe(body=DOWN, twin="POST /api/v1/incidents"),
    "POST /incidents/<uuid:incident_id>/resolve": Recipe(
        body={"resolved_at": "2026-02-18T18:00:00Z"}, twin="POST /api/v1/incidents/<uuid:incident_id>/resolve"),
    "POST /incidents/<uuid:incident_id>/dismiss": Recipe(twin="DELETE /api/v1/incidents/<uuid:incident_id>"),
    "POST /sprints/new": Recipe(body=NEW_SPRINT, twin="POST /api/v1/sprints"),
    "GET /sprints/<uuid:sprint_id>/edit": Recipe(twin="PATCH /api/v1/sprints/<uuid:sprint_id>"),
    "POST /sprints/<uuid:sprint_id>/edit": Recipe(body=NEW_SPRINT, twin="PATCH /api/v1/sprints/<uuid:sprint_id>"),
    "POST /sprints/<uuid:sprint_id>/close": Recipe({"sprint_id": "begun_sprint"}, twin="POST /api/v1/sprints/<uuid:sprint_id>/close"),
    "GET /organizations": Recipe(twin=""),  # who has one organization is taken to it
    "POST /api/v1/report-schedules/<uuid:schedule_id>/restore": restoring("schedule_id", "deleted_schedule"),
    "POST /api/v1/report-schedules/<uuid:schedule_id>/resume": Recipe({"schedule_id": "paused_schedule"}),
    "POST /report-schedules/<uuid:schedule_id>/restore": restoring("schedule_id", "deleted_schedule"),
    "POST /report-schedules/<uuid:schedule_id>/resume": Recipe({"schedule_id": "paused_schedule"}, NOTHING),
    "POST /report-schedules/<uuid:schedule_id>/pause": Recipe(body=NOTHING),
    "POST /report-schedules/<uuid:schedule_id>/run": Recipe(body=NOTHING),
    "POST /report-schedules/<uuid:schedule_id>/delete": Recipe(body=NOTHING, twin="DELETE /api/v1/report-schedules/<uuid:schedule_id>"),
    "POST /report-schedules/<uuid:schedule_id>/edit": Recipe(body=SCHEDULE, twin="PATCH /api/v1/report-schedules/<uuid:schedule_id>"),
    "GET /report-schedules/<uuid:schedule_id>/edit": Recipe(twin="PATCH /api/v1/report-schedules/<uuid:schedule_id>"),
    "GET /report-schedules/<uuid:schedule_id>/logo": Recipe(twin="GET /api/v1/report-schedules/<uuid:schedule_id>"),
    "POST /report-schedules/new": Recipe(body=SCHEDULE, twin="POST /api/v1/report-schedules"),
    "POST /reports": Recipe(body={"kind": "module_updates", "formats": "csv", "parameters.organization_id": ORGANIZATION}),
    "POST /reports/<uuid:report_id>/cancel": Recipe({"report_id": "queued_report"}, NOTHING),
    "POST /reports/<uuid:report_id>/retry": Recipe({"report_id": "cancelled_report"}, NOTHING),
    "POST /api/v1/tasks/<uuid:task_id>/restore": restoring("task_id", "deleted_task"),
    "POST /tasks/<uuid:task_id>/restore": restoring("task_id", "deleted_task"),
    **{f"POST /tasks/<uuid:task_id>/{verb}": Recipe(body=NOTHING, twin="PATCH /api/v1/tasks/<uuid:task_id>")
       for verb in ("complete", "reopen", "start", "cancel")},
    "POST /tasks/<uuid:task_id>/delete": Recipe(body=NOTHING, twin="DELETE /api/v1/tasks/<uuid:task_id>"),
    "GET /tasks/<uuid:task_id>/edit": Recipe(twin="PATCH /api/v1/tasks/<uuid:task_id>"),
    "POST /tasks/<uuid:task_id>/edit": Recipe(body=TASK, twin="PATCH /api/v1/tasks/<uuid:task_id>"),
    "POST /tasks/new": Recipe(body={**TASK, "site_id": SITE}, twin="POST /api/v1/tasks"),
    "GET /tasks/new": Recipe(twin=""),  # everybody may have tasks of their own
    "POST /tasks/<uuid:task_id>/comments/<uuid:comment_id>/edit": Recipe(
        body={"text": "Changed"}, twin="PATCH /api/v1/tasks/<uuid:task_id>/comments/<uuid:comment_id>"),
    "POST /tasks/<uuid:task_id>/comments/<uuid:comment_id>/delete": Recipe(
        body=NOTHING, twin="DELETE /api/v1/tasks/<uuid:task_id>/comments/<uuid:comment_id>"),
    "POST /api/v1/task-rules/<uuid:task_rule_id>/restore": restoring("task_rule_id", "deleted_task_rule"),
    "POST /task-rules/<uuid:task_rule_id>/restore": restoring("task_rule_id", "deleted_task_rule"),
    "POST /task-rules/<uuid:task_rule_id>/delete": Recipe(body=NOTHING, twin="DELETE /api/v1/task-rules/<uuid:task_rule_id>"),
    "GET /task-rules/<uuid:task_rule_id>/edit": Recipe(twin="PATCH /api/v1/task-rules/<uuid:task_rule_id>"),
    "POST /task-rules/<uuid:task_rule_id>/edit": Recipe(body=TASK_RULE, twin="PATCH /api/v1/task-rules/<uuid:task_rule_id>"),
    "POST /task-rules/<uuid:task_rule_id>/apply": Recipe(body={"dry_run": "1"}),
    "POST /task-rules/new": Recipe(body=TASK_RULE, twin="POST /api/v1/task-rules"),
    "GET /api/v1/tasks/calendar.ics": Recipe(refused="only its secret opens it: tests/tasks/test_calendar.py"),
    "POST /tasks/bulk": Recipe(body={"operation": "tag", "ids": identity("task")}, twin=""),  # it asks what is meant, and changes nothing
    "POST /tasks/bulk/apply": Recipe(body={"operation": "tag", "ids": identity("task"), "tags": "web"}, twin="POST /api/v1/tasks/bulk"),
    "GET /tasks/from-advisory/<uuid:advisory_id>": Recipe(twin=""),  # what an advisory is, is for all; whose sites are open, is not
    "POST /tasks/from-advisory/<uuid:advisory_id>": Recipe(body={"per": "site"}, twin="POST /api/v1/tasks/from-advisory"),
    "GET /teams/<uuid:team_id>/edit": Recipe(twin="PATCH /api/v1/teams/<uuid:team_id>"),
    "POST /teams/<uuid:team_id>/edit": Recipe(body={**PLACE, "name": "Website"}, twin="PATCH /api/v1/teams/<uuid:team_id>"),
    "POST /teams/<uuid:team_id>/delete": Recipe(twin="DELETE /api/v1/teams/<uuid:team_id>"),
    "POST /teams/<uuid:team_id>/restore": restoring("team_id", "deleted_team"),
    "POST /teams/<uuid:team_id>/members": Recipe(
        body={"user_id": identity("user")}, twin="PUT /api/v1/teams/<uuid:team_id>/members/<uuid:user_id>"),
    "POST /teams/<uuid:team_id>/members/<uuid:user_id>/remove": Recipe(
        {"user_id": "team_member"}, twin="DELETE /api/v1/teams/<uuid:team_id>/members/<uuid:user_id>"),
    "POST /uploads/new": Recipe(body={**PLACE, "file": "a,b\n1,2\n"}, twin="POST /api/v1/uploads"),
    "POST /uploads/<uuid:upload_id>/delete": Recipe(twin="DELETE /api/v1/uploads/<uuid:upload_id>"),
    "POST /uploads/<uuid:upload_id>/restore": restoring("upload_id", "deleted_upload"),
    "POST /teams/new": Recipe(body={**PLACE, "name": "Website"}, twin="POST /api/v1/teams"),
    "POST /sites/<uuid:site_id>/edit": Recipe(body=NEW_SITE, twin="PATCH /api/v1/sites/<uuid:site_id>"),
    "POST /sites/<uuid:site_id>/keys/<uuid:key_id>/revoke": Recipe(
        {"key_id": "site_key"}, twin="DELETE /api/v1/api-keys/<uuid:key_id>"),
    "POST /sites/<uuid:site_id>/patch-runs/new": Recipe(body=RUN, twin="POST /api/v1/sites/<uuid:site_id>/patch-run"),
    "POST /sites/<uuid:site_id>/signed": Recipe(body={"require_signed_reports": "true"}, twin=""),  # PATCH of the site, but for admins
    "POST /sites/<uuid:site_id>/restore": restoring("site_id", "deleted_site"),
    "POST /sites/bulk": Recipe(body={"operation": "tag", "ids": SITE}, twin=""),  # it asks what is meant, and changes nothing
    "POST /sites/bulk/apply": Recipe(body={"operation": "tag", "ids": SITE, "tags": "public"}, twin="POST /api/v1/sites/bulk"),
    "POST /sites/new": Recipe(body=NEW_SITE, twin="POST /api/v1/sites"),
}
