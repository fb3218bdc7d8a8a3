"""Tasks follow the findings: rules make them of what opens, reports that show the fixed version end them, accepted risk cancels them.

All of it happens in the transaction that sets the clocks of exposures, so that tasks and findings never disagree; and by the same few
statements, whether a report has changed one site or an advisory reaches five thousand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from webapp.audit.actions import Event, plain, record_many
from webapp.exposure.values import exposures_settled
from webapp.kit.db import execute, rows
from webapp.kit.permissions import Actor
from webapp.tasks.actions.writing import Draft, tell_of_many, write_drafts
from webapp.tasks.values import Assign, asks_for, ending_of, is_open, priority_of, verb_of, what_follows

Pair = tuple[UUID, int]
PAIRS = "unnest(CAST(:sites AS uuid[]), CAST(:advisories AS bigint[])) AS u (site_id, advisory_id)"
SAID = {"status": "text", "closed_by": "text", "report_id": "uuid", "reason": "text", "completed_at": "timestamptz", "completed_by": "uuid",
        "due_date": "date"}
TASKS = f"""
SELECT t.id, t.organization_id, t.site_id, t.advisory_id, t.rule_id, t.deleted_at, {", ".join(f"t.{name}" for name in SAID)}
FROM tasks t JOIN {PAIRS} ON t.site_id = u.site_id AND t.advisory_id = u.advisory_id
WHERE t.deleted_at IS NULL OR t.rule_id IS NOT NULL ORDER BY t.id FOR UPDATE OF t
"""  # noqa: S608 (names from constants)
RULES = """
SELECT id, organization_id, severity, criticality, environments, tags, team_id, assign, assignee_id, due_days FROM task_rules
WHERE organization_id = ANY(CAST(:places AS uuid[])) AND deleted_at IS NULL AND is_enabled ORDER BY created_at, id
"""
FINDINGS = f"""
SELECT u.site_id, u.advisory_id, e.module_id, e.version, e.started_at, e.ended_at, e.enabled, e.due_at, e.closed_report_id,
    d.reason AS decision, m.name AS module
FROM {PAIRS} LEFT JOIN LATERAL (SELECT x.* FROM exposures x WHERE x.site_id = u.site_id AND x.advisory_id = u.advisory_id
    ORDER BY x.n DESC LIMIT 1) e ON true
LEFT JOIN risk_decisions d ON d.id = e.decision_id LEFT JOIN modules m ON m.id = e.module_id
"""  # noqa: S608
SITES = """
SELECT id, organization_id, name, environment, criticality, tags, team_id, owner_id FROM sites
WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL
"""
ADVISORIES = "SELECT id, name, title, severity FROM advisories WHERE id = ANY(CAST(:ids AS bigint[]))"
MEMBERS = """
SELECT m.organization_id, m.user_id FROM memberships m JOIN users u ON u.id = m.user_id
WHERE m.organization_id = ANY(CAST(:places AS uuid[])) AND m.deleted_at IS NULL AND u.deleted_at IS NULL
"""
UPDATE = f"""
UPDATE tasks t SET {", ".join(f"{name} = u.{name}" for name in SAID)}, updated_at = :at, updated_by = :by
FROM unnest(CAST(:ids AS uuid[]), {", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in SAID.items())}) AS u (id, {", ".join(SAID)})
WHERE t.id = u.id
"""  # noqa: S608


@exposures_settled.connect
def follow_findings(actor: Actor, found: Collection[tuple[UUID, UUID, int]], at: datetime) -> None:
    """Makes the tasks of these sites, organizations and advisories say what follows from the findings."""
    pairs = sorted({(site_id, advisory_id) for site_id, _, advisory_id in found}, key=str)
    tasks = rows(TASKS, **_columns(pairs))
    rules = rows(RULES, places=list({place for _, place, _ in found}))
    if not tasks and not rules:
        return
    findings = {(row.site_id, row.advisory_id): row for row in rows(FINDINGS, **_columns(pairs))}
    _end_and_reopen(actor, tasks, findings, {rule.id: rule for rule in rules}, at)
    make_by_rules(actor, rules, findings, taken(tasks), at)


def _columns(pairs: Sequence[Pair]) -> dict[str, list[Any]]:
    return {"sites": [site_id for site_id, _ in pairs], "advisories": [advisory_id for _, advisory_id in pairs]}


def taken(tasks: Sequence[Any]) -> set[Pair]:
    """For which sites and advisories no rule makes a task: there is an open one, or a rule has made one before."""
    return {(task.site_id, task.advisory_id) for task in tasks if task.rule_id is not None or is_open(task.status)}


def present_tasks(pairs: Sequence[Pair]) -> list[Any]:
    """The tasks about these sites and advisories, held until the end."""
    return rows(TASKS, **_columns(pairs))


def findings_of(pairs: Sequence[Pair]) -> dict[Pair, Any]:
    """The newest finding about each of these sites and advisories."""
    return {(row.site_id, row.advisory_id): row for row in rows(FINDINGS, **_columns(pairs))}


def _end_and_reopen(actor: Actor, tasks: Sequence[Any], findings: Mapping[Pair, Any], rules: Mapping[UUID, Any], at: datetime) -> None:
    changed: list[tuple[Any, dict[str, Any]]] = []
    for task in tasks:
        finding = findings[task.site_id, task.advisory_id]
        values = what_follows(task, finding) if task.deleted_at is None else {}
        if values.get("status") and is_open(values["status"]):
            values["due_date"] = _due(rules.get(task.rule_id), finding, at) or task.due_date
        if values:
            changed.append((task, {**{name: getattr(task, name) for name in SAID}, **values}))
    if not changed:
        return
    columns = {name: [after[name] for _, after in changed] for name in SAID}
    execute(UPDATE, ids=[task.id for task, _ in changed], at=at, by=actor.id, **columns)
    record_many(actor, [Event(verb_of(task.status, after["status"]), "Task", task.id, task.organization_id, _changes(task, after))
                        for task, after in changed])
    tell_of_many("task.changed", Counter(task.organization_id for task, _ in changed), at)


def _changes(task: Any, after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [plain(getattr(task, name)), plain(after[name])] for name in SAID if getattr(task, name) != after[name]}


def make_by_rules(actor: Actor, rules: Sequence[Any], findings: Mapping[Pair, Any], without: Collection[Pair], at: datetime,
                  dry_run: bool = False) -> list[Draft]:
    """Makes a task for each finding that stands open and that a rule asks for, by the oldest such rule; a dry run writes nothing."""
    standing = [finding for pair, finding in findings.items() if pair not in without and ending_of(finding) is None]
    if not rules or not standing:
        return []
    sites = {row.id: row for row in rows(SITES, ids=list({finding.site_id for finding in standing}))}
    advisories = {row.id: row for row in rows(ADVISORIES, ids=list({finding.advisory_id for finding in standing}))}
    members = {(row.organization_id, row.user_id) for row in rows(MEMBERS, places=list({rule.organization_id for rule in rules}))}
    drafts = []
    for finding in standing:
        site, advisory = sites.get(finding.site_id), advisories[finding.advisory_id]
        rule = next((each for each in rules if site is not None and each.organization_id == site.organization_id
                     and asks_for(each, site, advisory.severity)), None)
        if rule is not None:
            drafts.append(_draft(rule, site, advisory, finding, members, at))
    return drafts if dry_run else write_drafts(actor, drafts, at)


def _draft(rule: Any, site: Any, advisory: Any, finding: Any, members: Collection[tuple[UUID, UUID]], at: datetime) -> Draft:
    wanted = {Assign.PERSON: [rule.assignee_id], Assign.OWNER: [site.owner_id, rule.assignee_id]}.get(rule.assign, [])
    assignee_id = next((each for each in wanted if (site.organization_id, each) in members), None)
    said = f"{advisory.title or advisory.name}\n{finding.module} {finding.version} is affected."
    return Draft(organization_id=site.organization_id, title=f"Close {advisory.name} on {site.name}"[:300],
                 priority=priority_of(advisory.severity), site_id=site.id, advisory_id=advisory.id, module_id=finding.module_id,
                 description=said, due_date=_due(rule, finding, at), assignee_id=assignee_id, rule_id=rule.id)


def _due(rule: Any, finding: Any, at: datetime) -> Any:
    """The day on which it is due: so many days from now by the rule, else that of the finding."""
    if rule is not None and rule.due_days is not None:
        return (at + timedelta(days=rule.due_days)).date()
    return finding.due_at.date() if finding.due_at else None
