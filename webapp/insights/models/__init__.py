"""Tables of insights."""

from webapp.insights.models.developers import Developer, DeveloperIdentity
from webapp.insights.models.repositories import Commit, PullRequest, Repository, Review
from webapp.insights.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = ["Commit", "Developer", "DeveloperIdentity", "PullRequest", "Repository", "Review", "WebhookDelivery", "WebhookEndpoint"]
