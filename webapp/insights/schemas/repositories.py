"""Repositories, commits and pull requests as they come in and go out."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from webapp.insights.schemas.facts import Fact, several
from webapp.insights.values.addresses import repository_url
from webapp.insights.values.words import PullRequestState, ReviewState
from webapp.kit.web.fields import (
    LARGEST,
    Choice,
    Choices,
    CursorQuery,
    Input,
    ListQuery,
    Moment,
    Output,
    ResourceOutput,
    Text,
    Time,
    Yes,
    said,
)

SHA = re.compile(r"^([0-9a-f]{40}|[0-9a-f]{64})$")
BRANCH = validate.Regexp(r"^(?!-)[^\s~^:?*\[\\\x00-\x1f\x7f]{1,200}$", error="Not a name of a branch.")
COUNT = validate.Range(0, LARGEST)
NAME = said("`anon-7` where the organization does not show names; then there is no address.")
DEVELOPER = said("Who that is here (`/developers/{id}`); null where no address was told.")


class RepositoryUrl(fields.String):
    """The address of a repository, in any of the spellings that git takes; kept as its web address, without `.git`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return repository_url(text or "")
        except (ValueError, UnicodeError):
            raise ValidationError("Not an address of a repository, such as https://github.com/acme/web; without any password.") from None


class Sha(fields.String):
    """A full object name of git, of SHA-1 or SHA-256."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = (super()._deserialize(value, attr, data, **kwargs) or "").lower()
        if not SHA.match(text):
            raise ValidationError("Must be 40 or 64 hexadecimal digits.")
        return text


class RepositoryInput(Input):
    name = Text(most=200, least=1, required=True)
    url = RepositoryUrl(required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    language = Text(most=60, allow_none=True)
    default_branch = fields.String(validate=BRANCH)
    team_id = fields.UUID(allow_none=True)


class RepositorySchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String()
    url = fields.String()
    language = fields.String(allow_none=True)
    default_branch = fields.String()
    team_id = fields.UUID(attribute="shown_team_id", allow_none=True)
    last_commit_at = Time(allow_none=True, metadata=said("When the newest commit that is known was committed."))
    commit_count = fields.Integer(metadata=said("How many commits are known, on any branch."))
    incomplete_since = Time(allow_none=True, metadata=said("Since when commits are known to be missing, until git itself is read."))


class RepositoryQuery(ListQuery):
    sortable = ("name", "url", "language", "commit_count", "last_commit_at", "created_at", "updated_at")

    name = Text(most=200)
    url = RepositoryUrl()
    organization_id = fields.UUID()
    team_id = fields.UUID()
    language = Text(most=60)
    default_branch = Text(most=200)


class CommitInput(Fact):
    sha = Sha(required=True)
    parents = fields.List(Sha(), required=True, validate=validate.Length(max=64))
    author_name = Text(most=255, required=True)
    author_email = Text(most=320, required=True, metadata=said("As git has it; who it is, is found by it, whatever its case."))
    authored_at = Time(required=True)
    committed_at = Time(required=True)
    message = Text(most=65_536, required=True)
    lines_added = fields.Integer(validate=COUNT, allow_none=True, metadata=said("Null where nobody has counted."))
    lines_deleted = fields.Integer(validate=COUNT, allow_none=True)
    branch = fields.String(validate=BRANCH, metadata=said("Where it lies; on the default branch unless said."))
    patch_id = Sha(allow_none=True, metadata=said("`git patch-id --stable`: the same change under another sha counts once."))

    @validates_schema
    def named_by_its_sha(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("external_id", data.get("sha")) != data.get("sha"):
            raise ValidationError("A commit is known by its sha.", "external_id")


CommitsInput = several(CommitInput, "CommitsInput")


class CommitSchema(Output):
    id = fields.UUID()
    sha = fields.String()
    parents = fields.List(fields.String())
    author_name = fields.String(metadata=NAME)
    author_email = fields.String(allow_none=True)
    developer_id = fields.UUID(allow_none=True, metadata=DEVELOPER)
    authored_at = Time()
    committed_at = Time()
    message = fields.String()
    lines_added = fields.Integer(allow_none=True)
    lines_deleted = fields.Integer(allow_none=True)
    is_on_default_branch = fields.Boolean()
    source = fields.String()


class CommitQuery(CursorQuery):
    sortable = ("committed_at", "authored_at")

    sha = Sha()
    developer_id = fields.UUID()
    is_on_default_branch = Yes()
    is_merge = Yes()
    since = Moment(data_key="from", metadata=said("Committed at or after."))
    until = Moment(until=True, data_key="to", metadata=said("Committed before."))


class ReviewInput(Input):
    reviewer_email = Text(most=320, required=True)
    reviewer_name = Text(most=255)
    state = Choice(ReviewState, required=True)
    submitted_at = Time(required=True)
    external_id = Text(most=200, least=1)


class PullRequestInput(Fact):
    number = fields.Integer(required=True, validate=validate.Range(1, LARGEST))
    title = Text(most=1000, required=True)
    author_email = Text(most=320, required=True)
    author_name = Text(most=255)
    state = Choice(PullRequestState, required=True)
    is_draft = fields.Boolean()
    opened_at = Time(required=True, data_key="created_at")
    ready_for_review_at = Time(allow_none=True)
    first_commit_at = Time(allow_none=True)
    first_review_at = Time(allow_none=True)
    approved_at = Time(allow_none=True)
    merged_at = Time(allow_none=True)
    closed_at = Time(allow_none=True)
    merge_commit_sha = Sha(allow_none=True)
    head_sha = Sha(allow_none=True)
    head_branch = Text(most=255, allow_none=True)
    base_branch = Text(most=255, allow_none=True)
    lines_added = fields.Integer(validate=COUNT, allow_none=True)
    lines_deleted = fields.Integer(validate=COUNT, allow_none=True)
    reviews = fields.List(fields.Nested(ReviewInput), validate=validate.Length(max=1000))

    @validates_schema
    def merged_where_it_says_so(self, data: dict[str, Any], **_: Any) -> None:
        merged, opened = data.get("merged_at"), data.get("opened_at")
        if (data.get("state") == PullRequestState.MERGED) != (merged is not None):
            raise ValidationError("This is said of merged pull requests, and of no others.", "merged_at")
        if merged and opened and merged < opened:
            raise ValidationError("It cannot be merged before it was opened.", "merged_at")

    @post_load
    def without_nothing(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}


PullRequestsInput = several(PullRequestInput, "PullRequestsInput")


class ReviewSchema(Output):
    reviewer_name = fields.String()
    reviewer_email = fields.String(allow_none=True)
    developer_id = fields.UUID(allow_none=True, metadata=DEVELOPER)
    state = fields.String(metadata={"enum": [str(each) for each in ReviewState]})
    submitted_at = Time()


class PullRequestSchema(Output):
    id = fields.UUID()
    number = fields.Integer()
    title = fields.String()
    author_name = fields.String()
    author_email = fields.String(allow_none=True)
    developer_id = fields.UUID(allow_none=True, metadata=DEVELOPER)
    state = fields.String(metadata={"enum": [str(each) for each in PullRequestState]})
    is_draft = fields.Boolean()
    created_at = Time(attribute="opened_at")
    first_commit_at = Time(allow_none=True)
    ready_for_review_at = Time(allow_none=True)
    first_review_at = Time(allow_none=True)
    approved_at = Time(allow_none=True)
    merged_at = Time(allow_none=True)
    closed_at = Time(allow_none=True)
    merge_commit_sha = fields.String(allow_none=True)
    head_sha = fields.String(allow_none=True)
    head_branch = fields.String(allow_none=True)
    base_branch = fields.String(allow_none=True)
    lines_added = fields.Integer(allow_none=True)
    lines_deleted = fields.Integer(allow_none=True)
    url = fields.String(allow_none=True)
    source = fields.String()
    external_id = fields.String(allow_none=True)
    updated_at = Time()
    reviews = fields.List(fields.Nested(ReviewSchema))


class PullRequestQuery(CursorQuery):
    sortable = ("created_at", "number", "merged_at", "updated_at")

    number = fields.Integer()
    state = Choices(PullRequestState)
    is_draft = Yes()
    developer_id = fields.UUID()
    since = Moment(data_key="from", metadata=said("Opened at or after."))
    until = Moment(until=True, data_key="to", metadata=said("Opened before."))
