"""Tables of insights."""

from webapp.insights.models.delivery import Deployment, Incident
from webapp.insights.models.developers import Developer, DeveloperIdentity
from webapp.insights.models.planning import QualityMeasurement, Sprint
from webapp.insights.models.repositories import Commit, PullRequest, Repository, Review
from webapp.insights.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = ["Commit", "Deployment", "Developer", "DeveloperIdentity", "Incident", "PullRequest", "QualityMeasurement", "Repository",
           "Review", "Sprint", "WebhookDelivery", "WebhookEndpoint"]
