"""Sites, what is installed on them from when to when, what they sent, and each step of each version."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, LargeBinary, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource

ACTIVE = text("deleted_at IS NULL")
OPEN = text("valid_to IS NULL")
Octets = bytes  # a column of that name hides the type


class Site(Resource, Base):
    """One Drupal site, and the present state that its newest report left.

    `condition` is what its modules say (ok, outdated, vulnerable, unsupported, or unknown); the status that people see is
    `silent` instead once `silent_after` has passed. `body_hash` is the newest report's, so that the same body again costs
    one comparison; `body_dated` says whether that body named its own time. `report_id` is the newest accepted report.
    `usual_interval_minutes` is learned from when it really reports (cadence.py), `recovered_at` when it was last heard again
    after a silence. `exposures_count` and `exposed_since` are of advisories that stand open for code that may run (see the room
    `exposure`).
    """

    __tablename__ = "sites"
    __table_args__ = (
        CheckConstraint("environment IN ('production', 'staging', 'development')", name="environment"),
        CheckConstraint("criticality IN ('critical', 'high', 'normal', 'low')", name="criticality"),
        CheckConstraint("condition IN ('ok', 'outdated', 'vulnerable', 'unsupported', 'unknown')", name="condition"),
        ForeignKeyConstraint(["team_id", "organization_id"], ["teams.id", "teams.organization_id"]),
        ForeignKeyConstraint(["repository_id", "organization_id"], ["repositories.id", "repositories.organization_id"]),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    url: Mapped[str]
    environment: Mapped[str] = mapped_column(server_default="production")
    criticality: Mapped[str] = mapped_column(server_default="normal")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    team_id: Mapped[UUID | None]
    repository_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    report_interval_minutes: Mapped[int] = mapped_column(server_default="1440")
    description: Mapped[str] = mapped_column(server_default="")
    require_signed_reports: Mapped[bool] = mapped_column(server_default="false")

    condition: Mapped[str] = mapped_column(server_default="unknown")
    condition_since: Mapped[datetime | None]
    last_report_at: Mapped[datetime | None]
    silent_after: Mapped[datetime | None]
    usual_interval_minutes: Mapped[int | None]
    recovered_at: Mapped[datetime | None]
    core_version: Mapped[str | None]
    php_version: Mapped[str | None]
    database: Mapped[str | None]
    install_profile: Mapped[str | None]
    modules_count: Mapped[int] = mapped_column(server_default="0")
    updates_count: Mapped[int] = mapped_column(server_default="0")
    security_updates_count: Mapped[int] = mapped_column(server_default="0")
    unjudged_count: Mapped[int] = mapped_column(server_default="0")
    exposures_count: Mapped[int] = mapped_column(server_default="0")
    exposed_since: Mapped[datetime | None]
    body_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_dated: Mapped[bool] = mapped_column(server_default="false")
    report_id: Mapped[UUID | None]
    report_received_at: Mapped[datetime | None]


Index("uq_sites_url", Site.url, unique=True, postgresql_where=ACTIVE)
Index("ix_sites_search", Site.name, Site.url, postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops", "url": "gin_trgm_ops"})
Index("ix_sites_tags", Site.tags, postgresql_using="gin")
Index("ix_sites_name", func.lower(Site.name))
Index("ix_sites_team_id", Site.team_id)
Index("ix_sites_repository_id", Site.repository_id)
# Neither `last_report_at` nor `silent_after`: every report moves them, and indexed they would make it write to all of these.
for _column in ("name", "environment", "criticality", "condition", "condition_since", "core_version", "php_version", "database",
                "modules_count", "updates_count", "security_updates_count", "owner_id", "created_at", "updated_at",
                "report_interval_minutes"):
    Index(f"ix_sites_organization_id_{_column}", Site.organization_id, getattr(Site, _column))


class Installation(Base):
    """One module in one version (and enabled or not) on one site, from `valid_from` until `valid_to` (null: still).

    Intervals of a site and module never overlap; the database says so. `installed_at` is when this version came, also where
    switching it on or off has begun a new interval. `datestamp` is when a development version was made (seconds since 1970), null for
    releases. `said_…` is what the site itself said last. `status` is core's verdict by the
    release feed (`verdict_id`; null where there is none that counts), and `latest_version` to `security_update` are what follows
    from both; only one module of a project has them, which stands for all of it.
    """

    __tablename__ = "installations"
    __table_args__ = (
        ExcludeConstraint(("site_id", "="), ("module_id", "="), (func.tstzrange(text("valid_from"), text("valid_to")), "&&"),
                          name="ex_installations_no_overlap", using="gist"),
        CheckConstraint("valid_to > valid_from", name="not_empty"),
        Index("uq_installations_present", "site_id", "module_id", unique=True, postgresql_where=OPEN),
        Index("ix_installations_present_verdict", "verdict_id", postgresql_where=OPEN),
        Index("ix_installations_ended", "module_id", "valid_to", postgresql_where=text("valid_to IS NOT NULL")),
        Index("ix_installations_present_module", "module_id", "organization_id", "version", postgresql_where=OPEN),
        Index("ix_installations_present_updates", "organization_id", "module_id",
              postgresql_where=text("valid_to IS NULL AND (update_available OR security_update)")),
        Index("ix_installations_present_security", "organization_id", "module_id",
              postgresql_include=["site_id", "enabled", "latest_version", "display_name"],
              postgresql_where=text("valid_to IS NULL AND security_update IS TRUE")),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization_id: Mapped[UUID]
    site_id: Mapped[UUID] = mapped_column(ForeignKey("sites.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    version: Mapped[str | None]
    type: Mapped[str]
    project: Mapped[str | None]
    display_name: Mapped[str | None]
    enabled: Mapped[bool | None]
    source: Mapped[str]
    installed_at: Mapped[datetime]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]
    latest_version: Mapped[str | None]
    recommended_version: Mapped[str | None]
    update_available: Mapped[bool | None]
    security_update: Mapped[bool | None]
    said_latest_version: Mapped[str | None]
    said_recommended_version: Mapped[str | None]
    said_update_available: Mapped[bool | None]
    said_security_update: Mapped[bool | None]
    said_at: Mapped[datetime | None]
    datestamp: Mapped[int | None] = mapped_column(BigInteger)
    verdict_id: Mapped[int | None] = mapped_column(ForeignKey("project_verdicts.id"))
    status: Mapped[str | None]


class InventoryReportRow(Base):
    """What a site sent, accepted or not; append-only, partitioned by month of receipt.

    `speaks` and, for partial lists, `module_ids` say what the report observed, so that a late one can be put in its place.
    `document` is what was read from it (zlib-compressed JSON), never the body itself.
    """

    __tablename__ = "inventory_reports"
    __table_args__ = (
        Index("ix_inventory_reports_site_id_received_at", "site_id", "received_at", "id"),
        Index("ix_inventory_reports_site_id_reported_at", "site_id", "reported_at"),
        Index("ix_inventory_reports_organization_id_received_at", "organization_id", "received_at", "outcome"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    site_id: Mapped[UUID]
    reported_at: Mapped[datetime | None]
    formats: Mapped[list[str]] = mapped_column(ARRAY(String))
    bytes: Mapped[int]
    outcome: Mapped[str]
    error: Mapped[str | None]
    received: Mapped[int] = mapped_column(server_default="0")
    added: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    removed: Mapped[int] = mapped_column(server_default="0")
    speaks: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    module_ids: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    document: Mapped[Octets | None] = mapped_column(LargeBinary)
    ip: Mapped[str | None]
    agent: Mapped[str | None]


class VersionChangeRow(Base):
    """One step of one module on one site; partitioned by month. An installation has no `from_version`, a removal no `to_version`."""

    __tablename__ = "version_changes"
    __table_args__ = (
        Index("ix_version_changes_site_id_at", "site_id", "at", "id"),
        Index("ix_version_changes_organization_id_at", "organization_id", "at", "id"),
        Index("ix_version_changes_patch_run_id", "patch_run_id"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    site_id: Mapped[UUID]
    module_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    from_version: Mapped[str | None]
    to_version: Mapped[str | None]
    source: Mapped[str]
    report_id: Mapped[UUID | None]
    patch_run_id: Mapped[UUID | None]
