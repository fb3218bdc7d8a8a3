"""What a worker has loaded before it forks: the application, and the one function that Redis names."""

from __future__ import annotations

from uuid import UUID

from webapp import create_app
from webapp.kit import jobs

app = create_app()


def perform(job_id: str, attempt: int) -> None:
    """Does one piece of work of the outbox, unless it was taken away."""
    with app.app_context():
        jobs.perform(UUID(job_id), attempt)
