"""`/api/v1/tasks`: work for people."""

from webapp.tasks.api import tasks
from webapp.tasks.api.door import api

__all__ = ["api", "tasks"]
