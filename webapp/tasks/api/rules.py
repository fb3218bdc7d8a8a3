"""`/api/v1/task-rules`: which findings become tasks."""

from __future__ import annotations

from typing import Any

from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.resources import Resource, open_doors
from webapp.tasks.actions import rules
from webapp.tasks.api.door import P, api
from webapp.tasks.models import TaskRule
from webapp.tasks.queries.rules import find_task_rules, get_task_rule
from webapp.tasks.schemas.rules import AppliedRuleSchema, ApplyRuleInput, TaskRuleInput, TaskRulePatch, TaskRuleQuery, TaskRuleSchema

RULES = Resource(
    path="/task-rules", one="task_rule", many="task_rules", reads=P.TASK_RULE_READ, manages=P.TASK_RULE_MANAGE, query=TaskRuleQuery,
    takes=TaskRuleInput, patch=TaskRulePatch, gives=TaskRuleSchema(), find=find_task_rules, get=get_task_rule, create=rules.create_rule,
    change=rules.change_rule, delete=rules.delete_rule, restore=rules.restore_rule,
    says={"create": "A new rule; it works on findings that open from now on.",
          "change": "Changes a rule; what it has made stays as it is.",
          "delete": "Deletes a rule; what it has made stays, and is still closed by evidence."})
open_doors(api, RULES)


@api.post(f"{RULES.rule}/apply", needs=P.TASK_RULE_MANAGE, finds=get_task_rule, takes=ApplyRuleInput, gives=AppliedRuleSchema())
def apply_task_rule(actor: Actor, found: TaskRule, body: dict[str, Any]) -> dict[str, Any]:
    """Lets a rule work through the findings that stand open already; a dry run only tells what it would make."""
    return rules.apply_rule(actor, found, body["dry_run"], now())
