"""Where the navigation leads: only to what works, and only to what the person may open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypedDict
from uuid import UUID

from webapp.kit.permissions import Actor, Permission

P = Permission


class Entry(TypedDict):
    """One line of the navigation as templates show it."""

    href: str
    label: str
    icon: str
    count: int | None
    current: bool


class Group(TypedDict):
    """Some lines below a word; the first group has none."""

    title: str | None
    items: list[Entry]


class Target(NamedTuple):
    """A page that the navigation may lead to, and the permission that it takes; `family` is how the paths of its further pages begin."""

    href: str
    label: str
    icon: str
    needs: Permission
    family: str = ""


OVERVIEW = Target("/overview", "Overview", "layout-dashboard", P.SITE_READ)
SITES = Target("/sites", "Sites", "world", P.SITE_READ)
ADVISORIES = Target("/advisories", "Advisories", "file-alert", P.EXPOSURE_READ)
EXPOSURES = Target("/exposures", "Exposures", "shield-exclamation", P.EXPOSURE_READ)
PATCH_RUNS = Target("/patch-runs", "Patch runs", "refresh", P.PATCH_RUN_READ)
TASKS = Target("/tasks?mine=true&open=true", "Tasks", "list-check", P.TASK_READ, "/tasks")
MODULES = Target("/modules", "Modules", "puzzle", P.MODULE_READ)
REPORTS = Target("/reports", "Reports", "file-report", P.REPORT_READ, "/report")
UPLOADS = Target("/uploads", "Uploads", "upload", P.UPLOAD_READ)
WEDNESDAY = Target("/wednesday", "Wednesday view", "calendar-time", P.EXPOSURE_READ)
INSIGHTS = Target("/insights", "Insights", "chart-line", P.INSIGHT_READ)
DEPLOYMENTS = Target("/deployments", "Deployments", "rocket", P.INSIGHT_READ)
INCIDENTS = Target("/incidents", "Incidents", "urgent", P.INSIGHT_READ)
SPRINTS = Target("/sprints", "Sprints", "run", P.INSIGHT_READ)
ENDS = Target("/ends", "What ends", "calendar-off", P.MODULE_READ)
MEMBERS = Target("/members", "Members", "users", P.USER_READ)
TEAMS = Target("/teams", "Teams", "users-group", P.TEAM_READ)
API_KEYS = Target("/api-keys", "API keys", "key", P.API_KEY_MANAGE)
NOTIFICATIONS = Target("/notification-rules", "Notifications", "bell", P.NOTIFICATION_READ, "/notification-")
AUDIT_LOG = Target("/audit-log", "Audit log", "history", P.AUDIT_READ)
SYSTEM = Target("/admin", "System", "device-desktop", P.SYSTEM_OPERATE)
JOBS = Target("/admin/jobs", "Jobs", "clock", P.SYSTEM_OPERATE)
USAGE = Target("/admin/api-usage", "API usage", "arrows-exchange", P.SYSTEM_OPERATE)
FEEDS = Target("/admin/feeds", "Feeds", "versions", P.SYSTEM_OPERATE)
REPOSITORIES = Target("/repositories", "Repositories", "git-branch", P.REPOSITORY_READ)
DEVELOPERS = Target("/developers", "Developers", "code", P.DEVELOPER_READ)
WEBHOOKS = Target("/webhook-endpoints", "Webhooks", "webhook", P.WEBHOOK_MANAGE)
MORE = Target("/more", "More", "menu-2", P.OWN_ACCOUNT)
GROUPS: tuple[tuple[str | None, tuple[Target, ...]], ...] = (
    (None, (OVERVIEW, SITES, ADVISORIES, EXPOSURES, PATCH_RUNS, TASKS)), ("Look closer", (MODULES, ENDS, REPORTS, UPLOADS, WEDNESDAY)),
    ("Insights", (INSIGHTS, REPOSITORIES, DEPLOYMENTS, INCIDENTS, SPRINTS, DEVELOPERS)))
TABS = (OVERVIEW, SITES, EXPOSURES, REPORTS)


def groups_for(actor: Actor, chosen: UUID | None, path: str, counts: Mapping[str, int | None]) -> list[Group]:
    """The navigation of a person who looks at the chosen organization (None: at all of theirs)."""
    manage = (MEMBERS, TEAMS, API_KEYS, WEBHOOKS, NOTIFICATIONS, *_organizations(actor), AUDIT_LOG)
    groups = [*GROUPS, ("Manage", manage), ("Operate", (SYSTEM, JOBS, FEEDS, USAGE))]
    found = [Group(title=title, items=[_entry(each, path, counts.get(each.href)) for each in targets
                                       if actor.may(each.needs, chosen)]) for title, targets in groups]
    return [group for group in found if group["items"]]


def tabs_for(actor: Actor, path: str) -> list[Entry]:
    """The bar of five on narrow screens; More is where everything else is."""
    tabs = [_entry(each, path, None) for each in TABS if actor.may(each.needs)]
    more = _entry(MORE, path, None)
    return [*tabs, {**more, "current": not any(tab["current"] for tab in tabs)}]


def _organizations(actor: Actor) -> tuple[Target, ...]:
    """Those in several get the list; an admin of one gets that one."""
    if actor.is_superuser or len(actor.roles) > 1:
        return (Target("/organizations", "Organizations", "building", P.ORGANIZATION_READ),)
    one = [Target(f"/organizations/{each}", "Organization", "building", P.ORGANIZATION_EDIT) for each in actor.roles]
    return tuple(one)


def _entry(target: Target, path: str, count: int | None) -> Entry:
    current = path == target.href or (target is not SYSTEM and path.startswith(target.family or f"{target.href}/"))
    return Entry(href=target.href, label=target.label, icon=target.icon, count=count, current=current)
