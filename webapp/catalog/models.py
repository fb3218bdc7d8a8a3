"""Drupal projects and Composer packages that any site runs, their versions, and the security advisories about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base
from webapp.kit.ids import new_id


class Module(Base):
    """A module, theme, profile or library, by its machine name or `vendor/package`. What sites say of it lies with the sites."""

    __tablename__ = "modules"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    public_id: Mapped[UUID] = mapped_column(default=new_id, unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    first_seen_at: Mapped[datetime]


Index("ix_modules_search", Module.name, postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"})


class ModuleVersion(Base):
    """A version of a module that was seen on a site, or (from feeds) published. Unknown stays null, never false."""

    __tablename__ = "module_versions"
    __table_args__ = (Index("ix_module_versions_module_id_released_at", "module_id", "released_at"),)

    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"), primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    first_seen_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    is_security: Mapped[bool | None]
    is_supported: Mapped[bool | None]
    is_insecure: Mapped[bool | None]


class ModuleProject(Base):
    """A module that some site says belongs to a project of another name: webform_ui to webform. Core's own are left out."""

    __tablename__ = "module_projects"

    project: Mapped[str] = mapped_column(primary_key=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"), primary_key=True)


class Advisory(Base):
    """A security advisory, made one of what all sources say of it (`advisory_sources`).

    `name` is drupal.org's own id (SA-CORE-2022-003) where it has one. `published_at` is null where no source tells; the
    clocks then run from `first_seen_at`. `merged_into` leads on from an advisory that turned out to be another's twin.
    """

    __tablename__ = "advisories"
    __table_args__ = (
        CheckConstraint("severity IN ('critical', 'high', 'moderate', 'low', 'unknown')", name="severity"),
        CheckConstraint("kind IN ('advisory', 'psa')", name="kind"),
        Index("ix_advisories_published_at", "published_at", "public_id"),
        Index("uq_advisories_name", "name", unique=True, postgresql_where=text("merged_into IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    public_id: Mapped[UUID] = mapped_column(default=new_id, unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="advisory")
    title: Mapped[str] = mapped_column(server_default="")
    details: Mapped[str] = mapped_column(server_default="")
    link: Mapped[str | None]
    severity: Mapped[str] = mapped_column(server_default="unknown")
    risk: Mapped[str | None]
    risk_score: Mapped[int | None]
    cvss: Mapped[str | None]
    cvss_score: Mapped[float | None]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    packages: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    provenance: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    published_at: Mapped[datetime | None]
    modified_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("advisories.id"))


class AdvisoryAlias(Base):
    """A name of an advisory. A library's CVE may be that of several, so an alias is no key by itself."""

    __tablename__ = "advisory_aliases"

    alias: Mapped[str] = mapped_column(primary_key=True)
    advisory_id: Mapped[int] = mapped_column(ForeignKey("advisories.id"), primary_key=True)


class AdvisorySource(Base):
    """One source's word about an advisory, kept whole, so that what all say can be put together anew."""

    __tablename__ = "advisory_sources"
    __table_args__ = (Index("ix_advisory_sources_advisory_id", "advisory_id"),)

    source: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(primary_key=True)
    advisory_id: Mapped[int] = mapped_column(ForeignKey("advisories.id"))
    record: Mapped[dict[str, Any]] = mapped_column(JSONB)
    record_hash: Mapped[bytes] = mapped_column(LargeBinary)
    fetched_at: Mapped[datetime]


class AdvisoryPackage(Base):
    """What of one package an advisory affects; `package` is a project's machine name, `drupal`, or `vendor/package`."""

    __tablename__ = "advisory_packages"
    __table_args__ = (Index("ix_advisory_packages_package", "package"),)

    advisory_id: Mapped[int] = mapped_column(ForeignKey("advisories.id"), primary_key=True)
    package: Mapped[str] = mapped_column(primary_key=True)
    version_constraint: Mapped[str] = mapped_column(server_default="")
    versions: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    of_branch: Mapped[bool] = mapped_column(server_default="false")


class AdvisoryFeed(Base):
    """A source of advisories as it was last read from its server: `osv`, `drupal.org` or `psa`; or what files brought: `import`.

    `fetched_at` is of when all is had that the source then knew; `tried_at` is when it was last asked, `changed_at` when it last
    brought anything new. `cursor` says up to when its changes are had (OSV: a time; nodes: seconds since 1970), `scope` is a hash
    of the libraries asked about, `pending` what an unfinished run has left to do, and `refused_count` how many documents of the
    last reading were no advisories. Past `stale_at` what it said makes no site OK any more.
    """

    __tablename__ = "advisory_feeds"
    __table_args__ = (
        CheckConstraint("source IN ('osv', 'drupal.org', 'psa', 'import')", name="source"),
        CheckConstraint("state IN ('waiting', 'ok', 'failed')", name="state"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(server_default="waiting")
    error: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    cursor: Mapped[str | None]
    scope: Mapped[str | None]
    pending: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    refused_count: Mapped[int] = mapped_column(server_default="0")
    fetched_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    stale_at: Mapped[datetime | None]


class ProjectNode(Base):
    """The machine name of the project that a node of drupal.org is; null where the node told none when it was asked."""

    __tablename__ = "project_nodes"

    node: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str | None]
    asked_at: Mapped[datetime]


class ProjectFeed(Base):
    """A project's release feed as it was last fetched: one row a project and line (`current`, or `7.x` for Drupal 7).

    A row is there as soon as a site runs the project; `state` is `waiting` until it is fetched for the first time.
    `fetched_at` is when drupal.org last said what is kept here, `tried_at` when it was last asked, `changed_at` when its answer
    was last another one. `content_hash` is that answer's; null where no releases were ever had. `is_settled` is false while sites
    do not know yet of verdicts that it has changed. Past `stale_at` no site is OK by it; null where it does not age, or judges nothing.
    """

    __tablename__ = "project_feeds"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'ok', 'unknown_project', 'failed')", name="state"),
        CheckConstraint("line IN ('current', '7.x')", name="line"),
        Index("uq_project_feeds_project_line", "project", "line", unique=True),
        Index("ix_project_feeds_due_at", "due_at"),
        Index("ix_project_feeds_stale_at", "stale_at"),
        Index("ix_project_feeds_unsettled", "id", postgresql_where=text("NOT is_settled")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    project: Mapped[str]
    line: Mapped[str] = mapped_column(server_default="current")
    state: Mapped[str] = mapped_column(server_default="waiting")
    source: Mapped[str | None]
    title: Mapped[str] = mapped_column(server_default="")
    type: Mapped[str] = mapped_column(server_default="")
    project_status: Mapped[str] = mapped_column(server_default="")
    link: Mapped[str] = mapped_column(server_default="")
    supported_branches: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    supported_majors: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    recommended_major: Mapped[str | None]
    default_major: Mapped[str | None]
    releases_count: Mapped[int] = mapped_column(server_default="0")
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    error: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    is_settled: Mapped[bool] = mapped_column(server_default="true")
    fetched_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    stale_at: Mapped[datetime | None]


class ProjectRelease(Base):
    """One release of a feed, at its place in it: core's rules rely on the order. `date` is as the feed has it."""

    __tablename__ = "project_releases"

    feed_id: Mapped[int] = mapped_column(ForeignKey("project_feeds.id"), primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    status: Mapped[str]
    date: Mapped[str | None]
    released_at: Mapped[datetime | None]
    terms: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    release_link: Mapped[str] = mapped_column(server_default="")
    download_link: Mapped[str] = mapped_column(server_default="")
    core_compatibility: Mapped[str | None]
    security: Mapped[str | None]
    covered: Mapped[bool] = mapped_column(server_default="false")
    is_supported: Mapped[bool] = mapped_column(server_default="false")
    major: Mapped[str | None]
    patch: Mapped[str | None]
    extra: Mapped[str | None]


class ProjectVerdict(Base):
    """How one version of a project stands by its feed, by core's rules: worked out once, for all sites that run it.

    `datestamp` is when a development version was made, by which it is judged (0: not known, or a release). `status` is core's code.
    `update_available` and `security_update` say what of it a site can do something about. `marks` are what lists say of the version
    beside that (`project_marks`); no verdict follows from them.
    """

    __tablename__ = "project_verdicts"
    __table_args__ = (Index("uq_project_verdicts_feed_id_version", "feed_id", "version", "datestamp", unique=True),
                      Index("ix_project_verdicts_marked", "id", postgresql_where=text("marks <> '{}'")))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    feed_id: Mapped[int] = mapped_column(ForeignKey("project_feeds.id"))
    version: Mapped[str]
    datestamp: Mapped[int] = mapped_column(BigInteger, server_default="0")
    status: Mapped[int]
    rule: Mapped[str]
    reason: Mapped[str | None]
    extra_labels: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    install_type: Mapped[str]
    recommended: Mapped[str | None]
    latest_version: Mapped[str | None]
    dev_version: Mapped[str | None]
    latest_dev: Mapped[str | None]
    also: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    security_updates: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    update_available: Mapped[bool | None]
    security_update: Mapped[bool | None]
    marks: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    judged_at: Mapped[datetime]


class ProjectMark(Base):
    """What one list marks some versions of a project as; each import of a list replaces that list. Kinds: `catalog/values/marks.py`."""

    __tablename__ = "project_marks"
    __table_args__ = (
        CheckConstraint("kind IN ('insecure', 'unsupported', 'deprecated', 'no_drupal_10', 'no_drupal_11')", name="kind"),
        Index("ix_project_marks_project", "project"))

    source: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(primary_key=True)
    version_constraint: Mapped[str]
    imported_at: Mapped[datetime]
