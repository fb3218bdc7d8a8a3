"""Every read of insights, as functions that start from what the actor may see."""

from webapp.insights.queries.activity import find_activity
from webapp.insights.queries.changes import find_commits, find_pull_requests, get_commit, get_pull_request, with_reviews
from webapp.insights.queries.developers import (
    accounts_to_choose,
    developers_to_choose,
    find_developers,
    find_views,
    get_developer,
    get_shown_developer,
    merged_into,
)
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
    "accounts_to_choose",
    "developers_to_choose",
    "find_activity",
    "find_commits",
    "find_deliveries",
    "find_developers",
    "find_pull_requests",
    "find_repositories",
    "find_repositories_to_choose",
    "find_views",
    "find_webhook_endpoints",
    "get_any_repository",
    "get_commit",
    "get_delivery",
    "get_developer",
    "get_pull_request",
    "get_repository",
    "get_repository_to_feed",
    "get_shown_developer",
    "get_webhook_endpoint",
    "may_see_repository",
    "merged_into",
    "with_reviews",
    "with_sites_counts",
]
