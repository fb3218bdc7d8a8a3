"""`/api/v1/notification-rules`: who is told of what."""

from __future__ import annotations

from webapp.kit.web.resources import Resource, open_doors
from webapp.notify.actions import rules
from webapp.notify.api.door import P, api
from webapp.notify.queries.rules import find_rules, get_rule
from webapp.notify.schemas.rules import RuleInput, RulePatch, RuleQuery, RuleSchema

RULES = Resource(
    path="/notification-rules", one="rule", many="rules", reads=P.NOTIFICATION_READ, manages=P.NOTIFICATION_MANAGE,
    query=RuleQuery, takes=RuleInput, patch=RulePatch, gives=RuleSchema(), find=find_rules, get=get_rule,
    create=rules.create_rule, change=rules.change_rule, delete=rules.delete_rule, restore=rules.restore_rule,
    says={"create": "A new rule; it is told of what happens from now on.",
          "change": "Changes a rule; what has gathered follows it."})
open_doors(api, RULES)
