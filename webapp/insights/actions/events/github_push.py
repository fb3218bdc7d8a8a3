"""GitHub's `push`."""

from webapp.insights.actions.news import reads
from webapp.insights.actions.pushes import record_push
from webapp.insights.values.words import Provider

reads(Provider.GITHUB, "push")(record_push)
