"""`/api/v1/tasks`: work for people, and the rules that make it of findings."""

from webapp.tasks.api import calendars, comments, rules, tasks
from webapp.tasks.api.door import api

__all__ = ["api", "calendars", "comments", "rules", "tasks"]
