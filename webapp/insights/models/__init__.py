"""Tables of insights."""

from webapp.insights.models.developers import Developer, DeveloperIdentity
from webapp.insights.models.repositories import Commit, PullRequest, Repository, Review

__all__ = ["Commit", "Developer", "DeveloperIdentity", "PullRequest", "Repository", "Review"]
