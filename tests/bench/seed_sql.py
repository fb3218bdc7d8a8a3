"""The statements of the seed; each fills a table for all sites at once from three temporary ones."""

INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
WHERE indrelid = 'installations'::regclass AND NOT indisprimary AND NOT indisexclusion
"""
NO_OVERLAP = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ex_installations_no_overlap'"
PRESENT = """
INSERT INTO installations (organization_id, site_id, module_id, version, type, project, display_name, enabled, source,
    installed_at, valid_from, latest_version, recommended_version, update_available, security_update, said_latest_version,
    said_recommended_version, said_update_available, said_security_update, said_at)
SELECT s.organization_id, s.id, p.module_id, p.version, p.type, p.project, p.display_name, true, 'extensions', CASE
    WHEN p.moved THEN %(at)s ELSE %(earlier)s END, CASE WHEN p.moved THEN %(at)s ELSE %(earlier)s END,
    p.latest_version, p.recommended_version, p.update_available, p.security_update, p.latest_version,
    p.recommended_version, p.update_available, p.security_update, %(at)s
FROM bench_sites b JOIN sites s ON s.id = b.id JOIN bench_profiles p USING (profile)
"""
PAST = """
INSERT INTO installations (organization_id, site_id, module_id, version, type, project, display_name, enabled, source,
    installed_at, valid_from, valid_to)
SELECT s.organization_id, s.id, p.module_id, %(gone)s, p.type, p.project, p.display_name, true, 'extensions',
    %(earlier)s, %(earlier)s, %(at)s
FROM bench_sites b JOIN sites s ON s.id = b.id JOIN bench_profiles p USING (profile) WHERE p.moved
"""
ADDED = """
INSERT INTO version_changes (id, at, organization_id, site_id, module_id, kind, to_version, source, report_id)
SELECT uuidv7(interval '-20 days'), %(earlier)s, s.organization_id, s.id, p.module_id, 'added', CASE WHEN p.moved THEN
    %(gone)s ELSE p.version END, 'report', b.first_report_id
FROM bench_sites b JOIN sites s ON s.id = b.id JOIN bench_profiles p USING (profile)
"""
MOVED = """
INSERT INTO version_changes (id, at, organization_id, site_id, module_id, kind, from_version, to_version, source,
    report_id, patch_run_id)
SELECT uuidv7(interval '-2 days'), %(at)s, s.organization_id, s.id, p.module_id, 'updated', %(gone)s, p.version,
    'report', s.report_id, b.run_id
FROM bench_sites b JOIN sites s ON s.id = b.id JOIN bench_profiles p USING (profile) WHERE p.moved
"""
RUNS = """
INSERT INTO patch_runs (id, organization_id, site_id, started_at, finished_at, status, trigger, environment,
    updates_count, security_updates_count, evidence, evidence_at, evidence_report_id, created_at, updated_at)
SELECT b.run_id, s.organization_id, s.id, %(earlier)s, %(at)s, 'success', 'inferred', s.environment, 15, 1, 'proven',
    %(at)s, s.report_id, %(at)s, %(at)s
FROM bench_sites b JOIN sites s ON s.id = b.id
"""
UPDATES = """
INSERT INTO patch_run_updates (patch_run_id, module, organization_id, from_version, to_version, security)
SELECT b.run_id, p.project, s.organization_id, %(gone)s, p.version, p.place %% 15 = 0
FROM bench_sites b JOIN sites s ON s.id = b.id JOIN bench_profiles p USING (profile) WHERE p.moved
"""
REPORTS = """
INSERT INTO inventory_reports (id, received_at, organization_id, site_id, reported_at, formats, bytes, outcome,
    received, added, updated, speaks, document, ip, agent)
SELECT b.first_report_id, %(earlier)s, s.organization_id, s.id, %(earlier)s, '{native}'::varchar[], d.bytes,
    'accepted', 150, 150, 0, CAST(%(speaks)s AS text[]), d.document, '127.0.0.1', 'bench' FROM bench_sites b JOIN sites s ON s.id =
    b.id JOIN bench_documents d USING (profile)
UNION ALL
SELECT s.report_id, %(at)s, s.organization_id, s.id, %(at)s, '{native}'::varchar[], d.bytes, 'accepted', 150, 0, 15,
    CAST(%(speaks)s AS text[]), d.document, '127.0.0.1', 'bench' FROM bench_sites b JOIN sites s ON s.id = b.id JOIN bench_documents d
    USING (profile)
"""
AUDITED = """
INSERT INTO audit_log (id, at, actor_kind, actor_label, action, resource_type, resource_id, organization_id, status,
    changes)
SELECT uuidv7(interval '-2 days'), %(at)s, 'api_key', 'bench', 'inventory.recorded', 'site', s.id, s.organization_id,
    'success', '{"updated": [null, 15]}' FROM sites s
"""
TABLES = """
CREATE TEMPORARY TABLE bench_profiles (profile int, place int, module_id bigint, version text, type text, project
    text, display_name text, latest_version text, recommended_version text, update_available boolean, security_update
    boolean, moved boolean);
CREATE TEMPORARY TABLE bench_documents (profile int, bytes int, document bytea);
CREATE TEMPORARY TABLE bench_keys (number int, id uuid, prefix text, digest bytea);
CREATE TEMPORARY TABLE bench_sites (id uuid, profile int, run_id uuid, first_report_id uuid);
"""
SITES = """
INSERT INTO sites (id, organization_id, name, url, environment, criticality, last_report_at, silent_after, core_version,
    php_version, database, install_profile, condition_since, body_hash, report_id, report_received_at, created_at,
    updated_at, modules_count, updates_count, security_updates_count, unjudged_count, condition)
VALUES %s
"""
KEYS = """
INSERT INTO api_keys (id, organization_id, site_id, name, scopes, prefix, secret_hash, last_used_at, created_at,
    updated_at)
SELECT k.id, s.organization_id, s.id, s.name, '{ingest}', k.prefix, k.digest, %(at)s, %(at)s, %(at)s
FROM bench_keys k JOIN sites s ON s.name = 'Bench ' || lpad(k.number::text, 5, '0')
"""
USER = """
INSERT INTO users (id, email, full_name, password_hash, created_at, updated_at)
VALUES (%s, %s, 'Bench', %s, %s, %s)
"""
VERSIONS = """
INSERT INTO module_versions (module_id, version, first_seen_at)
SELECT DISTINCT module_id, v, %s::timestamptz FROM bench_profiles, unnest(ARRAY[version, latest_version, %s]) AS v
"""
