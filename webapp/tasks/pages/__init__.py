"""`/tasks` and `/task-rules`: what is to be done, by whom and until when, and what makes it so."""

from webapp.tasks.pages import calendars, many, rules, sites, tasks
from webapp.tasks.pages.door import pages

__all__ = ["calendars", "many", "pages", "rules", "sites", "tasks"]
