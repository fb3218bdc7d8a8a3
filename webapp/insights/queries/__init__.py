"""Every read of insights, as functions that start from what the actor may see."""

from webapp.insights.queries.changes import find_commits, find_pull_requests, get_commit, get_pull_request, with_reviews
from webapp.insights.queries.repositories import (
    find_repositories,
    find_repositories_to_choose,
    get_any_repository,
    get_repository,
    get_repository_to_feed,
    may_see_repository,
    with_sites_counts,
)
from webapp.insights.queries.webhooks import find_deliveries, find_webhook_endpoints, get_delivery, get_webhook_endpoint

__all__ = [
    "find_commits",
    "find_deliveries",
    "find_pull_requests",
    "find_repositories",
    "find_repositories_to_choose",
    "find_webhook_endpoints",
    "get_any_repository",
    "get_commit",
    "get_delivery",
    "get_pull_request",
    "get_repository",
    "get_repository_to_feed",
    "get_webhook_endpoint",
    "may_see_repository",
    "with_reviews",
    "with_sites_counts",
]
