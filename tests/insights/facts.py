"""Facts as they are told, for tests to start from."""

from __future__ import annotations

import hashlib
import itertools
from datetime import timedelta

from webapp.kit.clock import now, stamp

count = itertools.count(1)


def sha(word=""):
    """A new object name, or the same one for the same word."""
    return hashlib.sha1((word or f"number {next(count)}").encode()).hexdigest()


START = now().replace(microsecond=0)


def ago(**delta):
    """A time in the past, the same however often it is asked for."""
    return stamp(START - timedelta(**delta))


def a_commit(name="", *parents, **fields):
    """A commit of Dana's, two days ago; `name` and `parents` are words for shas."""
    at = fields.pop("at", ago(days=2))
    return {"sha": sha(name), "parents": [sha(each) for each in parents], "author_name": "Dana", "author_email": "dana@example.com",
            "authored_at": at, "committed_at": at, "message": "Work", **fields}


def a_pull_request(number=1, **fields):
    """An open pull request of Dana's, of yesterday."""
    return {"number": number, "title": "Raise webform", "author_email": "dana@example.com", "state": "open", "created_at": ago(days=1), **fields}


def a_review(state="approved", **fields):
    return {"reviewer_email": "lee@example.com", "state": state, "submitted_at": ago(hours=20), **fields}


def repository(cast, name="Web", organization=None, **fields):
    """A repository of the cast's organization, made by its admin (a superuser for another's)."""
    place = organization or cast.organization
    value = {"name": name, "url": f"https://github.com/acme/web-{next(count)}", "organization_id": str(place.id), **fields}
    answer = (cast.admin if organization is None else cast.root).post("/repositories", value)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]
