"""The tables of accounts, audit, catalog, fleet, patching, reports and the kit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table('audit_log',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_kind', sa.String(), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_label', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('resource_type', sa.String(), nullable=False),
    sa.Column('resource_id', sa.Uuid(), nullable=True),
    sa.Column('organization_id', sa.Uuid(), nullable=True),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('ip', sa.String(), nullable=True),
    sa.Column('user_agent', sa.String(), nullable=True),
    sa.Column('request_id', sa.String(), nullable=True),
    sa.Column('changes', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', 'at', name=op.f('pk_audit_log')),
    postgresql_partition_by='RANGE (at)'
    )
    op.create_index('ix_audit_log_action_at', 'audit_log', ['action', 'at'], unique=False)
    op.create_index('ix_audit_log_actor_id_at', 'audit_log', ['actor_id', 'at'], unique=False)
    op.create_index('ix_audit_log_at_id', 'audit_log', ['at', 'id'], unique=False)
    op.create_index('ix_audit_log_organization_id_at', 'audit_log', ['organization_id', 'at', 'id'], unique=False)
    op.create_index('ix_audit_log_request_id', 'audit_log', ['request_id'], unique=False)
    op.create_index('ix_audit_log_resource_id', 'audit_log', ['resource_id'], unique=False)
    op.create_table('idempotency_keys',
    sa.Column('caller', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('request_hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('location', sa.String(), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('caller', 'key', name=op.f('pk_idempotency_keys'))
    )
    op.create_index(op.f('ix_idempotency_keys_created_at'), 'idempotency_keys', ['created_at'], unique=False)
    op.create_table('inventory_reports',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=False),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('formats', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('bytes', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('received', sa.Integer(), server_default='0', nullable=False),
    sa.Column('added', sa.Integer(), server_default='0', nullable=False),
    sa.Column('updated', sa.Integer(), server_default='0', nullable=False),
    sa.Column('removed', sa.Integer(), server_default='0', nullable=False),
    sa.Column('speaks', postgresql.ARRAY(sa.String()), server_default='{}', nullable=False),
    sa.Column('module_ids', postgresql.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column('document', sa.LargeBinary(), nullable=True),
    sa.Column('ip', sa.String(), nullable=True),
    sa.Column('agent', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', 'received_at', name=op.f('pk_inventory_reports')),
    postgresql_partition_by='RANGE (received_at)'
    )
    op.create_index('ix_inventory_reports_organization_id_received_at', 'inventory_reports', ['organization_id', 'received_at', 'outcome'], unique=False)
    op.create_index('ix_inventory_reports_site_id_received_at', 'inventory_reports', ['site_id', 'received_at', 'id'], unique=False)
    op.create_index('ix_inventory_reports_site_id_reported_at', 'inventory_reports', ['site_id', 'reported_at'], unique=False)
    op.create_table('job_outbox',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('arguments', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('queue', sa.String(), server_default='default', nullable=False),
    sa.Column('state', sa.String(), server_default='waiting', nullable=False),
    sa.Column('attempt', sa.Integer(), server_default='0', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('queued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('heartbeat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'queued', 'running', 'done', 'failed', 'cancelled')", name=op.f('ck_job_outbox_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_outbox'))
    )
    op.create_index('ix_job_outbox_unfinished', 'job_outbox', ['state', 'created_at'], unique=False, postgresql_where=sa.text("state IN ('waiting', 'queued', 'running')"))
    op.create_table('modules',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('public_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_modules')),
    sa.UniqueConstraint('name', name=op.f('uq_modules_name')),
    sa.UniqueConstraint('public_id', name=op.f('uq_modules_public_id'))
    )
    op.create_table('organizations',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('slug', sa.String(), nullable=False),
    sa.Column('description', sa.String(), server_default='', nullable=False),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organizations'))
    )
    op.create_index('ix_organizations_created_at', 'organizations', ['created_at'], unique=False)
    op.create_index('uq_organizations_name', 'organizations', [sa.literal_column('lower(name)')], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_index('uq_organizations_slug', 'organizations', ['slug'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('users',
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('full_name', sa.String(), server_default='', nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('is_superuser', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users'))
    )
    op.create_index('ix_users_created_at', 'users', ['created_at'], unique=False)
    op.create_index('uq_users_email', 'users', [sa.literal_column('lower(email)')], unique=True)
    op.create_table('version_changes',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=False),
    sa.Column('module_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('from_version', sa.String(), nullable=True),
    sa.Column('to_version', sa.String(), nullable=True),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=True),
    sa.Column('patch_run_id', sa.Uuid(), nullable=True),
    sa.PrimaryKeyConstraint('id', 'at', name=op.f('pk_version_changes')),
    postgresql_partition_by='RANGE (at)'
    )
    op.create_index('ix_version_changes_organization_id_at', 'version_changes', ['organization_id', 'at', 'id'], unique=False)
    op.create_index('ix_version_changes_patch_run_id', 'version_changes', ['patch_run_id'], unique=False)
    op.create_index('ix_version_changes_site_id_at', 'version_changes', ['site_id', 'at', 'id'], unique=False)
    op.create_table('memberships',
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_memberships_organization_id')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_memberships_user_id')),
    sa.PrimaryKeyConstraint('organization_id', 'user_id', name=op.f('pk_memberships'))
    )
    op.create_index('ix_memberships_user_id', 'memberships', ['user_id'], unique=False)
    op.create_table('module_versions',
    sa.Column('module_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_security', sa.Boolean(), nullable=True),
    sa.Column('is_supported', sa.Boolean(), nullable=True),
    sa.Column('is_insecure', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['module_id'], ['modules.id'], name=op.f('fk_module_versions_module_id')),
    sa.PrimaryKeyConstraint('module_id', 'version', name=op.f('pk_module_versions'))
    )
    op.create_index('ix_module_versions_module_id_released_at', 'module_versions', ['module_id', 'released_at'], unique=False)
    op.create_table('reports',
    sa.Column('organization_id', sa.Uuid(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('parameters', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('formats', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('view', postgresql.ARRAY(sa.String()), nullable=True),
    sa.Column('status', sa.String(), server_default='queued', nullable=False),
    sa.Column('stage', sa.String(), server_default='', nullable=False),
    sa.Column('progress', sa.Integer(), server_default='0', nullable=False),
    sa.Column('rows', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('attempt', sa.Integer(), server_default='0', nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('snapshot_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f('ck_reports_status')),
    sa.CheckConstraint('progress BETWEEN 0 AND 100', name=op.f('ck_reports_progress')),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_reports_organization_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reports'))
    )
    op.create_index('ix_reports_created_by_created_at', 'reports', ['created_by', 'created_at', 'id'], unique=False)
    op.create_index('ix_reports_organization_id_created_at', 'reports', ['organization_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_reports_status_created_at', 'reports', ['status', 'created_at'], unique=False)
    op.create_table('sign_ins',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('refresh_id', sa.Uuid(), nullable=True),
    sa.Column('ip', sa.String(), nullable=True),
    sa.Column('user_agent', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_sign_ins_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_ins'))
    )
    op.create_index('ix_sign_ins_user_id', 'sign_ins', ['user_id'], unique=False)
    op.create_table('sites',
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('url', sa.String(), nullable=False),
    sa.Column('environment', sa.String(), server_default='production', nullable=False),
    sa.Column('criticality', sa.String(), server_default='normal', nullable=False),
    sa.Column('tags', postgresql.ARRAY(sa.String()), server_default='{}', nullable=False),
    sa.Column('team_id', sa.Uuid(), nullable=True),
    sa.Column('repository_id', sa.Uuid(), nullable=True),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('report_interval_minutes', sa.Integer(), server_default='1440', nullable=False),
    sa.Column('description', sa.String(), server_default='', nullable=False),
    sa.Column('condition', sa.String(), server_default='unknown', nullable=False),
    sa.Column('condition_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_report_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('silent_after', sa.DateTime(timezone=True), nullable=True),
    sa.Column('core_version', sa.String(), nullable=True),
    sa.Column('php_version', sa.String(), nullable=True),
    sa.Column('database', sa.String(), nullable=True),
    sa.Column('install_profile', sa.String(), nullable=True),
    sa.Column('modules_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('updates_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('security_updates_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('unjudged_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('body_hash', sa.LargeBinary(), nullable=True),
    sa.Column('body_dated', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=True),
    sa.Column('report_received_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("condition IN ('ok', 'outdated', 'vulnerable', 'unsupported', 'unknown')", name=op.f('ck_sites_condition')),
    sa.CheckConstraint("criticality IN ('critical', 'high', 'normal', 'low')", name=op.f('ck_sites_criticality')),
    sa.CheckConstraint("environment IN ('production', 'staging', 'development')", name=op.f('ck_sites_environment')),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_sites_organization_id')),
    sa.ForeignKeyConstraint(['owner_id'], ['users.id'], name=op.f('fk_sites_owner_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sites'))
    )
    op.create_index('ix_sites_name', 'sites', [sa.literal_column('lower(name)')], unique=False)
    op.create_index('ix_sites_organization_id_condition', 'sites', ['organization_id', 'condition'], unique=False)
    op.create_index('ix_sites_organization_id_condition_since', 'sites', ['organization_id', 'condition_since'], unique=False)
    op.create_index('ix_sites_organization_id_core_version', 'sites', ['organization_id', 'core_version'], unique=False)
    op.create_index('ix_sites_organization_id_created_at', 'sites', ['organization_id', 'created_at'], unique=False)
    op.create_index('ix_sites_organization_id_criticality', 'sites', ['organization_id', 'criticality'], unique=False)
    op.create_index('ix_sites_organization_id_database', 'sites', ['organization_id', 'database'], unique=False)
    op.create_index('ix_sites_organization_id_environment', 'sites', ['organization_id', 'environment'], unique=False)
    op.create_index('ix_sites_organization_id_last_report_at', 'sites', ['organization_id', 'last_report_at'], unique=False)
    op.create_index('ix_sites_organization_id_modules_count', 'sites', ['organization_id', 'modules_count'], unique=False)
    op.create_index('ix_sites_organization_id_name', 'sites', ['organization_id', 'name'], unique=False)
    op.create_index('ix_sites_organization_id_owner_id', 'sites', ['organization_id', 'owner_id'], unique=False)
    op.create_index('ix_sites_organization_id_php_version', 'sites', ['organization_id', 'php_version'], unique=False)
    op.create_index('ix_sites_organization_id_report_interval_minutes', 'sites', ['organization_id', 'report_interval_minutes'], unique=False)
    op.create_index('ix_sites_organization_id_security_updates_count', 'sites', ['organization_id', 'security_updates_count'], unique=False)
    op.create_index('ix_sites_organization_id_silent_after', 'sites', ['organization_id', 'silent_after'], unique=False)
    op.create_index('ix_sites_organization_id_updated_at', 'sites', ['organization_id', 'updated_at'], unique=False)
    op.create_index('ix_sites_organization_id_updates_count', 'sites', ['organization_id', 'updates_count'], unique=False)
    op.create_index('ix_sites_search', 'sites', ['name', 'url'], unique=False, postgresql_using='gin',
                    postgresql_ops={'name': 'gin_trgm_ops', 'url': 'gin_trgm_ops'})
    op.create_index('ix_sites_tags', 'sites', ['tags'], unique=False, postgresql_using='gin')
    op.create_index('uq_sites_url', 'sites', ['url'], unique=True, postgresql_where=sa.text('deleted_at IS NULL'))
    op.create_table('api_keys',
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('scopes', postgresql.ARRAY(sa.String()), nullable=False),
    sa.Column('prefix', sa.String(), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('allowed_ips', postgresql.ARRAY(sa.String()), server_default='{}', nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_api_keys_organization_id')),
    sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_api_keys_site_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys'))
    )
    op.create_index('ix_api_keys_organization_id_created_at', 'api_keys', ['organization_id', 'created_at'], unique=False)
    op.create_index('ix_api_keys_site_id', 'api_keys', ['site_id'], unique=False)
    op.create_index('uq_api_keys_prefix', 'api_keys', ['prefix'], unique=True)
    op.create_table('installations',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=False),
    sa.Column('module_id', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.String(), nullable=True),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('project', sa.String(), nullable=True),
    sa.Column('display_name', sa.String(), nullable=True),
    sa.Column('enabled', sa.Boolean(), nullable=True),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('installed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.Column('latest_version', sa.String(), nullable=True),
    sa.Column('recommended_version', sa.String(), nullable=True),
    sa.Column('update_available', sa.Boolean(), nullable=True),
    sa.Column('security_update', sa.Boolean(), nullable=True),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=True),
    postgresql.ExcludeConstraint((sa.column('site_id'), '='), (sa.column('module_id'), '='), (sa.text('tstzrange(valid_from, valid_to)'), '&&'), using='gist', name='ex_installations_no_overlap'),
    sa.CheckConstraint('valid_to > valid_from', name=op.f('ck_installations_not_empty')),
    sa.ForeignKeyConstraint(['module_id'], ['modules.id'], name=op.f('fk_installations_module_id')),
    sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_installations_site_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_installations')),
    postgresql_with={'fillfactor': '85'}
    )
    op.create_index('ix_installations_present_module', 'installations', ['module_id', 'organization_id', 'version'], unique=False, postgresql_where=sa.text('valid_to IS NULL'))
    op.create_index('ix_installations_present_updates', 'installations', ['organization_id', 'module_id'], unique=False, postgresql_where=sa.text('valid_to IS NULL AND (update_available OR security_update)'))
    op.create_index('uq_installations_present', 'installations', ['site_id', 'module_id'], unique=True, postgresql_where=sa.text('valid_to IS NULL'))
    op.create_table('patch_runs',
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('trigger', sa.String(), nullable=False),
    sa.Column('operator', sa.String(), nullable=True),
    sa.Column('environment', sa.String(), nullable=True),
    sa.Column('notes', sa.String(), nullable=True),
    sa.Column('commit_sha', sa.String(), nullable=True),
    sa.Column('ci_url', sa.String(), nullable=True),
    sa.Column('updates_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('security_updates_count', sa.Integer(), server_default='0', nullable=False),
    sa.Column('evidence', sa.String(), server_default='claimed', nullable=False),
    sa.Column('evidence_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('evidence_report_id', sa.Uuid(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("evidence IN ('claimed', 'proven', 'contradicted')", name=op.f('ck_patch_runs_evidence')),
    sa.CheckConstraint("status IN ('success', 'partial', 'failed', 'rolled_back')", name=op.f('ck_patch_runs_status')),
    sa.CheckConstraint("trigger IN ('manual', 'ci', 'scheduled', 'inferred')", name=op.f('ck_patch_runs_trigger')),
    sa.CheckConstraint('finished_at >= started_at', name=op.f('ck_patch_runs_in_order')),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_patch_runs_organization_id')),
    sa.ForeignKeyConstraint(['site_id'], ['sites.id'], name=op.f('fk_patch_runs_site_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_patch_runs'))
    )
    op.create_index('ix_patch_runs_claimed', 'patch_runs', ['site_id'], unique=False, postgresql_where=sa.text("evidence = 'claimed'"))
    op.create_index('ix_patch_runs_organization_id_finished_at', 'patch_runs', ['organization_id', 'finished_at'], unique=False)
    op.create_index('ix_patch_runs_organization_id_started_at', 'patch_runs', ['organization_id', 'started_at', 'id'], unique=False)
    op.create_index('ix_patch_runs_organization_id_status', 'patch_runs', ['organization_id', 'status', 'started_at'], unique=False)
    op.create_index('ix_patch_runs_site_id_started_at', 'patch_runs', ['site_id', 'started_at', 'id'], unique=False)
    op.create_table('report_files',
    sa.Column('report_id', sa.Uuid(), nullable=False),
    sa.Column('format', sa.String(), nullable=False),
    sa.Column('path', sa.String(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id'], name=op.f('fk_report_files_report_id')),
    sa.PrimaryKeyConstraint('report_id', 'format', name=op.f('pk_report_files'))
    )
    op.create_table('patch_run_updates',
    sa.Column('patch_run_id', sa.Uuid(), nullable=False),
    sa.Column('module', sa.String(), nullable=False),
    sa.Column('organization_id', sa.Uuid(), nullable=False),
    sa.Column('from_version', sa.String(), nullable=True),
    sa.Column('to_version', sa.String(), nullable=True),
    sa.Column('security', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('status', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['patch_run_id'], ['patch_runs.id'], name=op.f('fk_patch_run_updates_patch_run_id')),
    sa.PrimaryKeyConstraint('patch_run_id', 'module', name=op.f('pk_patch_run_updates'))
    )
    op.create_index('ix_patch_run_updates_module', 'patch_run_updates', ['module', 'organization_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_patch_run_updates_module', table_name='patch_run_updates')
    op.drop_table('patch_run_updates')
    op.drop_table('report_files')
    op.drop_index('ix_patch_runs_site_id_started_at', table_name='patch_runs')
    op.drop_index('ix_patch_runs_organization_id_status', table_name='patch_runs')
    op.drop_index('ix_patch_runs_organization_id_started_at', table_name='patch_runs')
    op.drop_index('ix_patch_runs_organization_id_finished_at', table_name='patch_runs')
    op.drop_index('ix_patch_runs_claimed', table_name='patch_runs', postgresql_where=sa.text("evidence = 'claimed'"))
    op.drop_table('patch_runs')
    op.drop_index('uq_installations_present', table_name='installations', postgresql_where=sa.text('valid_to IS NULL'))
    op.drop_index('ix_installations_present_updates', table_name='installations', postgresql_where=sa.text('valid_to IS NULL AND (update_available OR security_update)'))
    op.drop_index('ix_installations_present_module', table_name='installations', postgresql_where=sa.text('valid_to IS NULL'))
    op.drop_table('installations')
    op.drop_index('uq_api_keys_prefix', table_name='api_keys')
    op.drop_index('ix_api_keys_site_id', table_name='api_keys')
    op.drop_index('ix_api_keys_organization_id_created_at', table_name='api_keys')
    op.drop_table('api_keys')
    op.drop_index('uq_sites_url', table_name='sites', postgresql_where=sa.text('deleted_at IS NULL'))
    op.drop_index('ix_sites_tags', table_name='sites', postgresql_using='gin')
    op.drop_index('ix_sites_search', table_name='sites', postgresql_using='gin', postgresql_ops={'name': 'gin_trgm_ops', 'url': 'gin_trgm_ops'})
    op.drop_index('ix_sites_organization_id_updates_count', table_name='sites')
    op.drop_index('ix_sites_organization_id_updated_at', table_name='sites')
    op.drop_index('ix_sites_organization_id_silent_after', table_name='sites')
    op.drop_index('ix_sites_organization_id_security_updates_count', table_name='sites')
    op.drop_index('ix_sites_organization_id_report_interval_minutes', table_name='sites')
    op.drop_index('ix_sites_organization_id_php_version', table_name='sites')
    op.drop_index('ix_sites_organization_id_owner_id', table_name='sites')
    op.drop_index('ix_sites_organization_id_name', table_name='sites')
    op.drop_index('ix_sites_organization_id_modules_count', table_name='sites')
    op.drop_index('ix_sites_organization_id_last_report_at', table_name='sites')
    op.drop_index('ix_sites_organization_id_environment', table_name='sites')
    op.drop_index('ix_sites_organization_id_database', table_name='sites')
    op.drop_index('ix_sites_organization_id_criticality', table_name='sites')
    op.drop_index('ix_sites_organization_id_created_at', table_name='sites')
    op.drop_index('ix_sites_organization_id_core_version', table_name='sites')
    op.drop_index('ix_sites_organization_id_condition_since', table_name='sites')
    op.drop_index('ix_sites_organization_id_condition', table_name='sites')
    op.drop_index('ix_sites_name', table_name='sites')
    op.drop_table('sites')
    op.drop_index('ix_sign_ins_user_id', table_name='sign_ins')
    op.drop_table('sign_ins')
    op.drop_index('ix_reports_status_created_at', table_name='reports')
    op.drop_index('ix_reports_organization_id_created_at', table_name='reports')
    op.drop_index('ix_reports_created_by_created_at', table_name='reports')
    op.drop_table('reports')
    op.drop_index('ix_module_versions_module_id_released_at', table_name='module_versions')
    op.drop_table('module_versions')
    op.drop_index('ix_memberships_user_id', table_name='memberships')
    op.drop_table('memberships')
    op.drop_index('ix_version_changes_site_id_at', table_name='version_changes')
    op.drop_index('ix_version_changes_patch_run_id', table_name='version_changes')
    op.drop_index('ix_version_changes_organization_id_at', table_name='version_changes')
    op.drop_table('version_changes')
    op.drop_index('uq_users_email', table_name='users')
    op.drop_index('ix_users_created_at', table_name='users')
    op.drop_table('users')
    op.drop_index('uq_organizations_slug', table_name='organizations', postgresql_where=sa.text('deleted_at IS NULL'))
    op.drop_index('uq_organizations_name', table_name='organizations', postgresql_where=sa.text('deleted_at IS NULL'))
    op.drop_index('ix_organizations_created_at', table_name='organizations')
    op.drop_table('organizations')
    op.drop_table('modules')
    op.drop_index('ix_job_outbox_unfinished', table_name='job_outbox', postgresql_where=sa.text("state IN ('waiting', 'queued', 'running')"))
    op.drop_table('job_outbox')
    op.drop_index('ix_inventory_reports_site_id_reported_at', table_name='inventory_reports')
    op.drop_index('ix_inventory_reports_site_id_received_at', table_name='inventory_reports')
    op.drop_index('ix_inventory_reports_organization_id_received_at', table_name='inventory_reports')
    op.drop_table('inventory_reports')
    op.drop_index(op.f('ix_idempotency_keys_created_at'), table_name='idempotency_keys')
    op.drop_table('idempotency_keys')
    op.drop_index('ix_audit_log_resource_id', table_name='audit_log')
    op.drop_index('ix_audit_log_request_id', table_name='audit_log')
    op.drop_index('ix_audit_log_organization_id_at', table_name='audit_log')
    op.drop_index('ix_audit_log_at_id', table_name='audit_log')
    op.drop_index('ix_audit_log_actor_id_at', table_name='audit_log')
    op.drop_index('ix_audit_log_action_at', table_name='audit_log')
    op.drop_table('audit_log')
