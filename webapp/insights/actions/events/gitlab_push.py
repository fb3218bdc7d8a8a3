"""GitLab's `Push Hook`, which carries twenty commits at most."""

from webapp.insights.actions.news import reads
from webapp.insights.actions.pushes import record_push
from webapp.insights.values.words import Provider

reads(Provider.GITLAB, "push")(record_push)
