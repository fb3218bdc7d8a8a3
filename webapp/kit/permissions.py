"""Who acts, and what they may do: one sorted enum of permissions, the roles and scopes that grant them, and the actor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from webapp.kit.errors import NotAuthenticated, PermissionDenied, SecondFactorRequired


class Permission(StrEnum):
    """Every permission that a route can ask for, by name."""

    API_KEY_MANAGE = "api_key.manage"
    AUDIT_READ = "audit.read"
    DEVELOPER_MANAGE = "developer.manage"
    DEVELOPER_READ = "developer.read"
    EXPOSURE_APPROVE = "exposure.approve"
    EXPOSURE_DECIDE = "exposure.decide"
    EXPOSURE_READ = "exposure.read"
    INSIGHT_POST = "insight.post"
    INSIGHT_READ = "insight.read"
    INVENTORY_POST = "inventory.post"
    INVENTORY_READ = "inventory.read"
    MODULE_READ = "module.read"
    NOTIFICATION_MANAGE = "notification.manage"
    NOTIFICATION_READ = "notification.read"
    ORGANIZATION_CREATE = "organization.create"
    ORGANIZATION_DELETE = "organization.delete"
    ORGANIZATION_EDIT = "organization.edit"
    ORGANIZATION_READ = "organization.read"
    OWN_ACCOUNT = "own_account"
    PATCH_RUN_READ = "patch_run.read"
    PATCH_RUN_RECORD = "patch_run.record"
    PUBLIC = "public"
    REPORT_BUILD = "report.build"
    REPORT_READ = "report.read"
    REPOSITORY_DELETE = "repository.delete"
    REPOSITORY_EDIT = "repository.edit"
    REPOSITORY_READ = "repository.read"
    SITE_DELETE = "site.delete"
    SITE_EDIT = "site.edit"
    SITE_READ = "site.read"
    SITE_REGISTER = "site.register"
    SYSTEM_OPERATE = "system.operate"
    TASK_EDIT = "task.edit"
    TASK_READ = "task.read"
    TASK_RULE_MANAGE = "task_rule.manage"
    TASK_RULE_READ = "task_rule.read"
    TEAM_MANAGE = "team.manage"
    TEAM_READ = "team.read"
    UPLOAD_MAKE = "upload.make"
    UPLOAD_MANAGE = "upload.manage"
    UPLOAD_READ = "upload.read"
    USER_MANAGE = "user.manage"
    USER_READ = "user.read"
    WEBHOOK_MANAGE = "webhook.manage"


P = Permission


class Role(StrEnum):
    """What a person is in one organization."""

    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What an API key is for."""

    INGEST = "ingest"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


VIEWS = frozenset({P.DEVELOPER_READ, P.EXPOSURE_READ, P.INSIGHT_READ, P.INVENTORY_READ, P.MODULE_READ, P.ORGANIZATION_READ,
                   P.PATCH_RUN_READ, P.REPORT_READ, P.REPOSITORY_READ, P.SITE_READ, P.TASK_READ, P.TEAM_READ,
                   P.UPLOAD_READ})
WORKS = VIEWS | {P.EXPOSURE_DECIDE, P.INSIGHT_POST, P.INVENTORY_POST, P.NOTIFICATION_READ, P.PATCH_RUN_RECORD, P.REPORT_BUILD,
                 P.REPOSITORY_EDIT, P.SITE_EDIT, P.SITE_REGISTER, P.TASK_EDIT, P.TASK_RULE_READ, P.UPLOAD_MAKE}
MANAGES = WORKS | {P.API_KEY_MANAGE, P.AUDIT_READ, P.DEVELOPER_MANAGE, P.EXPOSURE_APPROVE, P.NOTIFICATION_MANAGE, P.ORGANIZATION_DELETE,
                   P.ORGANIZATION_EDIT, P.REPOSITORY_DELETE, P.SITE_DELETE, P.TASK_RULE_MANAGE, P.TEAM_MANAGE, P.UPLOAD_MANAGE,
                   P.USER_MANAGE, P.USER_READ, P.WEBHOOK_MANAGE}
ROLE_GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType({Role.VIEWER: VIEWS, Role.MEMBER: WORKS, Role.ADMIN: MANAGES})
SCOPE_GRANTS: Mapping[Scope, frozenset[Permission]] = MappingProxyType(
    {Scope.INGEST: frozenset({P.INSIGHT_POST, P.INVENTORY_POST}), Scope.READ: VIEWS, Scope.WRITE: WORKS - {P.REPORT_BUILD},
     Scope.ADMIN: MANAGES}
)
ANYBODY = frozenset({P.PUBLIC})
PERSONAL = VIEWS | {P.TASK_EDIT}
"""What every person may ask for without a role anywhere: tasks of their own are theirs to change."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from; empty for commands and jobs."""

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a person, an API key, the system itself, or nobody known.

    `roles` are a person's, by organization; those of organizations that ask for a second factor which the person does not have
    are not among them (`held_back`), nor is the power of a superuser where the server asks for one.
    An API key has `grants` in the one organization that it belongs to, and with `site_id` on that site alone; `is_signed` says
    that it has signed the request.
    """

    kind: str = "anonymous"
    id: UUID | None = None
    label: str = "anonymous"
    is_superuser: bool = False
    roles: Mapping[UUID, Role] = field(default_factory=dict)
    grants: Mapping[UUID, frozenset[Permission]] = field(default_factory=dict)
    site_id: UUID | None = None
    sign_in_id: UUID | None = None
    is_signed: bool = False
    held_back: frozenset[UUID] = frozenset()
    lacks_second_factor: bool = False
    origin: Origin = Origin()

    @property
    def is_known(self) -> bool:
        return self.kind != "anonymous"

    @property
    def is_person(self) -> bool:
        return self.kind == "user"

    @property
    def sees_all(self) -> bool:
        """Whether no organization is closed to this actor."""
        return self.is_superuser or self.kind == "system"

    def organizations(self, permission: Permission) -> frozenset[UUID] | None:
        """The organizations in which the actor has this permission; None for all of them."""
        if self.sees_all:
            return None
        by_role = {each for each, role in self.roles.items() if permission in ROLE_GRANTS[role]}
        by_key = {each for each, grants in self.grants.items() if permission in grants}
        return frozenset(by_role | by_key)

    def may(self, permission: Permission, organization_id: UUID | None = None) -> bool:
        """Whether the actor has the permission in that organization, or without one, anywhere at all.

        Every person may ask for what viewers may, and for what is their own: an answer without rows is truer than a refusal.
        """
        if permission is P.PUBLIC or self.sees_all:
            return True
        if permission is P.OWN_ACCOUNT:
            return self.is_person
        where = self.organizations(permission) or frozenset()
        if organization_id is not None:
            return organization_id in where
        return bool(where) or (self.is_person and permission in PERSONAL and not self.lacks_second_factor)

    def require(self, permission: Permission, organization_id: UUID | None = None) -> None:
        """Raises NotAuthenticated, SecondFactorRequired or PermissionDenied unless the actor may."""
        if self.may(permission, organization_id):
            return
        if not self.is_known:
            raise NotAuthenticated()
        problem = SecondFactorRequired() if self.lacks_second_factor else PermissionDenied()
        problem.permission, problem.organization_id = permission, organization_id
        raise problem


SYSTEM = Actor(kind="system", label="system")
