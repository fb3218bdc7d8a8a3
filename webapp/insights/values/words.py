"""The words for providers, states and who may see what of a person."""

from __future__ import annotations

from enum import StrEnum


class Provider(StrEnum):
    """Where a repository is kept and webhooks come from."""

    GITHUB = "github"
    GITLAB = "gitlab"


class DeliveryState(StrEnum):
    """What became of a delivery: it waits for a worker, was taken in, says nothing that is kept here, or could not be read."""

    WAITING = "waiting"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class Visibility(StrEnum):
    """Why somebody sees the numbers of a person, or does not."""

    OWN = "own"
    LEAD = "lead"
    MEMBERS = "members"
    OPERATOR = "operator"
    HIDDEN = "hidden"
    OFF = "off"


SHOWN = (Visibility.OWN, Visibility.LEAD, Visibility.MEMBERS, Visibility.OPERATOR)
ACTIVITY = ("commit", "pull_request_opened", "pull_request_merged", "review")


class PullRequestState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class ReviewState(StrEnum):
    """What a reviewer said. Dismissed ones were said, and no longer count as approval."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    COMMENTED = "commented"
    DISMISSED = "dismissed"
