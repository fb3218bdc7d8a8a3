"""The SQL of the patch run report. Every statement takes the same parameters and begins at the same runs or steps.

Null parameters stand for no filter; the driver writes parameters into the statement, so that the planner folds those away.
"""

from __future__ import annotations

SEEN = """(:everything OR {table}.organization_id = ANY(CAST(:organizations AS uuid[])))
        AND (CAST(:organization_id AS uuid) IS NULL OR {table}.organization_id = CAST(:organization_id AS uuid))
        AND (CAST(:site_id AS uuid) IS NULL OR {table}.site_id = CAST(:site_id AS uuid))
        AND (CAST(:team_id AS uuid) IS NULL
             OR s.team_id = (SELECT id FROM teams WHERE id = CAST(:team_id AS uuid) AND deleted_at IS NULL))
        AND s.deleted_at IS NULL"""
WINDOW = """(CAST(:since AS timestamptz) IS NULL OR {at} >= CAST(:since AS timestamptz))
        AND (CAST(:until AS timestamptz) IS NULL OR {at} < CAST(:until AS timestamptz))"""
LIES_AT = "coalesce(r.finished_at, r.started_at)"
PERIOD = "date_trunc(:granularity, {at} AT TIME ZONE 'UTC')::date"
TOOK = "greatest(extract(epoch FROM {at} - coalesce(x.published_at, v.released_at)), 0) / 3600.0"
GRAVITY = "ARRAY['critical', 'high', 'unknown', 'moderate', 'low']"
"""Severities, the gravest first; as webapp.catalog.values.severity.ORDER has them."""
CLOSED = f"""
    SELECT e.site_id, e.module_id, e.ended_at, min(coalesce(a.published_at, a.first_seen_at)) AS published_at,
        ({GRAVITY})[min(array_position({GRAVITY}, a.severity))] AS severity
    FROM exposures e JOIN advisories a ON a.id = e.advisory_id
    WHERE e.ended_at IS NOT NULL AND e.fixed_version IS NOT NULL
        AND (:everything OR e.organization_id = ANY(CAST(:organizations AS uuid[])))
        AND (CAST(:site_id AS uuid) IS NULL OR e.site_id = CAST(:site_id AS uuid))
    GROUP BY e.site_id, e.module_id, e.ended_at"""  # noqa: S608
"""Which updates closed exposures: the first of their advisories' publications, and the gravest severity."""

RUN = f"""
    SELECT r.*, s.name AS site, s.url, s.environment AS site_environment, t.id AS team_id, t.name AS team, {LIES_AT} AS at,
        {PERIOD.format(at=LIES_AT)} AS period
    FROM patch_runs r JOIN sites s ON s.id = r.site_id LEFT JOIN teams t ON t.id = s.team_id AND t.deleted_at IS NULL
    WHERE r.deleted_at IS NULL AND {SEEN.format(table="r")}
        AND {WINDOW.format(at=LIES_AT)}"""  # noqa: S608 (all parts are constants of this file)

RUNS = f"""
WITH run AS ({RUN})
SELECT grouping(period, site_id, team_id) AS part, period, site_id, max(site) AS site, team_id, max(team) AS team, count(*) AS runs,
    coalesce(sum(updates_count), 0)::bigint AS updates, coalesce(sum(security_updates_count), 0)::bigint AS security_updates,
    count(*) FILTER (WHERE status = 'success') AS successes, count(DISTINCT site_id) AS sites, max(at) AS last_run_at
FROM run GROUP BY GROUPING SETS ((), (period), (site_id), (team_id))
"""  # noqa: S608

MODULES = f"""
WITH run AS ({RUN})
SELECT u.module, count(DISTINCT run.id) AS runs, count(*) AS updates, count(*) FILTER (WHERE u.security) AS security_updates,
    count(DISTINCT run.site_id) AS sites
FROM run JOIN patch_run_updates u ON u.patch_run_id = run.id
GROUP BY u.module ORDER BY updates DESC, u.module
"""  # noqa: S608

STEP = f"""
    FROM version_changes c JOIN sites s ON s.id = c.site_id
    LEFT JOIN module_versions v ON v.module_id = c.module_id AND v.version = c.to_version
    LEFT JOIN ({CLOSED}) x ON x.site_id = c.site_id AND x.module_id = c.module_id AND x.ended_at = c.at
    WHERE c.kind = 'updated' AND c.from_version IS NOT NULL AND coalesce(x.published_at, v.released_at) IS NOT NULL
        AND {SEEN.format(table="c")}
        AND {WINDOW.format(at="c.at")}"""

STEPS = f"SELECT DISTINCT c.from_version, c.to_version {STEP}"

LAGS = f"""
WITH step AS (
    SELECT c.module_id, c.patch_run_id, c.from_version, c.to_version, {PERIOD.format(at="c.at")} AS period,
        {TOOK.format(at="c.at")} AS hours, v.is_security, x.severity
    {STEP}
), lag AS (
    SELECT step.period, step.hours, coalesce(step.severity, CASE WHEN step.is_security OR u.security THEN 'unknown' END) AS severity
    FROM step
    JOIN unnest(CAST(:before AS text[]), CAST(:after AS text[])) AS up (from_version, to_version)
        ON up.from_version = step.from_version AND up.to_version = step.to_version
    JOIN modules m ON m.id = step.module_id
    LEFT JOIN patch_run_updates u ON u.patch_run_id = step.patch_run_id AND u.module = m.name
)
SELECT grouping(period, severity) AS part, period, severity, count(*) AS updates,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) AS median, percentile_cont(0.9) WITHIN GROUP (ORDER BY hours) AS p90
FROM lag GROUP BY GROUPING SETS ((), (period), (severity))
"""  # noqa: S608

SLA = f"""
SELECT count(*) FILTER (WHERE e.ended_at <= e.due_at AND {WINDOW.format(at="e.ended_at")}) AS within,
    count(*) FILTER (WHERE e.ended_at > e.due_at AND {WINDOW.format(at="e.ended_at")}) AS breached,
    count(*) FILTER (WHERE e.ended_at IS NULL AND e.decision_id IS NULL AND e.enabled IS DISTINCT FROM false AND e.due_at < :at)
        AS open_overdue
FROM exposures e JOIN sites s ON s.id = e.site_id
WHERE {SEEN.format(table="e")}
"""  # noqa: S608

ROWS = f"""
WITH run AS ({RUN})
SELECT run.id AS run_id, o.name AS organization, run.site_id, run.site, run.url, run.site_environment AS environment, run.started_at,
    run.finished_at, run.status, run.trigger, run.operator, run.evidence, u.module, u.from_version, u.to_version, u.security,
    u.status AS update_status, {TOOK.format(at="c.at")} AS lag_hours
FROM run JOIN organizations o ON o.id = run.organization_id
LEFT JOIN patch_run_updates u ON u.patch_run_id = run.id
LEFT JOIN modules m ON m.name = u.module
LEFT JOIN (SELECT patch_run_id, module_id, to_version, min(at) AS at FROM version_changes
           WHERE kind = 'updated' AND patch_run_id IS NOT NULL AND (:everything OR organization_id = ANY(CAST(:organizations AS uuid[])))
           GROUP BY patch_run_id, module_id, to_version) c
    ON c.patch_run_id = run.id AND c.module_id = m.id AND c.to_version = u.to_version
LEFT JOIN module_versions v ON v.module_id = c.module_id AND v.version = c.to_version
LEFT JOIN ({CLOSED}) x ON x.site_id = run.site_id AND x.module_id = c.module_id AND x.ended_at = c.at
ORDER BY run.at DESC, run.id DESC, u.module
"""  # noqa: S608

COUNT = f"""
WITH run AS ({RUN})
SELECT count(*) AS rows FROM run LEFT JOIN patch_run_updates u ON u.patch_run_id = run.id
"""  # noqa: S608
