"""What events of GitHub and GitLab do: pushes, pull requests, reviews, renamed repositories; in any order, and more than once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cast import Caller
from tests.insights.facts import repository, sha
from tests.insights.hooks import (
    account,
    an_endpoint,
    deliveries,
    github,
    gitlab,
    outcome,
    place,
    pull_request,
    push,
    pushed,
    signed,
    work,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "insights"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real data (../shared/data) are not here")


@pytest.fixture
def hook(cast):
    return an_endpoint(cast)


@pytest.fixture
def ours(cast):
    return f"/repositories/{repository(cast, url='https://github.com/acme/web')['id']}"


def commits(cast, ours):
    return cast.viewer.get(f"{ours}/commits", sort="committed_at").json["data"]


def requests(cast, ours):
    return cast.viewer.get(f"{ours}/pull-requests", sort="number").json["data"]


def only(cast, ours):
    found = requests(cast, ours)
    assert len(found) == 1
    return found[0]


def test_a_push_says_who_when_and_on_which_branch_and_no_lines(app, cast, hook, ours):
    github(app, hook, "push", push(pushed(sha("one")), pushed(sha("two"), at="2026-03-05T11:00:00Z"), ref="refs/heads/feature"))
    assert outcome(app, cast, hook) == ("done", "2 of 2 commits are new.")
    first = commits(cast, ours)[0]
    assert (first["committed_at"], first["author_email"], first["source"]) == ("2026-03-05T09:00:00Z", "dana@example.com", "github")
    assert (first["lines_added"], first["parents"], first["is_on_default_branch"]) == (None, [], False)
    github(app, hook, "push", push(pushed(sha("one")), pushed(sha("two"))))
    assert outcome(app, cast, hook) == ("done", "0 of 2 commits are new.")
    assert [each["is_on_default_branch"] for each in commits(cast, ours)] == [True, True]


@pytest.mark.parametrize("payload", [push(ref="refs/tags/1.0"), push(after="0" * 40), push(pushed("5" * 40), ref="refs/tags/1.0")])
def test_tags_and_deleted_branches_are_no_commits(app, cast, hook, ours, payload):
    github(app, hook, "push", payload)
    assert outcome(app, cast, hook)[0] == "ignored"
    assert commits(cast, ours) == []


def test_a_repository_is_known_by_its_id_from_the_first_time_on(app, cast, hook, ours):
    github(app, hook, "push", push(pushed(sha("one")), repository=place(default_branch="trunk")))
    work(app)
    assert cast.viewer.get(ours).json["data"]["default_branch"] == "trunk"
    moved = place("https://github.com/city/portal", default_branch="main")
    github(app, hook, "push", push(pushed(sha("two")), repository=moved))
    work(app)
    assert len(commits(cast, ours)) == 2
    github(app, hook, "repository", {"action": "renamed", "changes": {"repository": {"name": {"from": "web"}}}, "repository": moved})
    assert outcome(app, cast, hook)[0] == "done"
    now = cast.viewer.get(ours).json["data"]
    assert (now["url"], now["default_branch"], now["name"]) == ("https://github.com/city/portal", "main", "Web")
    github(app, hook, "repository", {"action": "archived", "repository": moved})
    assert outcome(app, cast, hook)[0] == "ignored"


def test_a_repository_that_is_renamed_before_anything_else_is_found_by_its_old_address(app, cast, hook):
    repository(cast, name="web", url="https://github.com/acme/web")
    said = {"action": "renamed", "changes": {"repository": {"name": {"from": "web"}}}, "repository": place("https://github.com/acme/portal")}
    github(app, hook, "repository", said)
    assert outcome(app, cast, hook)[0] == "done"
    assert [(row["name"], row["url"]) for row in cast.viewer.get("/repositories").json["data"]] == [("portal", "https://github.com/acme/portal")]
    repository(cast, url="https://github.com/acme/shop")
    github(app, hook, "repository", {**said, "repository": place("https://github.com/acme/shop")})
    assert outcome(app, cast, hook)[0] == "ignored"


def test_a_pull_request_is_followed_from_draft_to_merge(app, cast, hook, ours):
    github(app, hook, "pull_request", pull_request("opened", draft=True))
    work(app)
    first = only(cast, ours)
    assert (first["state"], first["is_draft"], first["ready_for_review_at"], first["lines_added"], first["lines_deleted"]) == ("open", True, None, 12, 4)
    assert (first["merge_commit_sha"], first["first_commit_at"]) == (None, None)  # GitHub's trial merge is no commit, and nothing is made up
    github(app, hook, "pull_request", pull_request("ready_for_review", updated_at="2026-03-06T10:00:00Z"))
    github(app, hook, "pull_request", pull_request("closed", state="closed", updated_at="2026-03-07T10:00:00Z", closed_at="2026-03-07T10:00:00Z",
                                                   merged_at="2026-03-07T10:00:00Z", merge_commit_sha="c" * 40))
    work(app)
    last = only(cast, ours)
    assert (last["state"], last["merged_at"], last["merge_commit_sha"]) == ("merged", "2026-03-07T10:00:00Z", "c" * 40)
    assert (last["ready_for_review_at"], last["created_at"], last["is_draft"]) == ("2026-03-06T10:00:00Z", "2026-03-05T10:00:00Z", False)


def test_old_news_changes_no_state_but_what_it_alone_knows_is_kept(app, cast, hook, ours):
    merged = {"state": "closed", "merged_at": "2026-03-07T10:00:00Z", "closed_at": "2026-03-07T10:00:00Z", "updated_at": "2026-03-07T10:00:00Z"}
    github(app, hook, "pull_request", pull_request("closed", title="Done", **merged))
    github(app, hook, "pull_request", pull_request("ready_for_review", updated_at="2026-03-06T10:00:00Z", title="Old"))
    work(app)
    row = only(cast, ours)
    assert (row["state"], row["title"], row["ready_for_review_at"]) == ("merged", "Done", "2026-03-06T10:00:00Z")


def test_what_was_opened_again_is_open(app, cast, hook, ours):
    for action, state, at in (("closed", "closed", "06"), ("reopened", "open", "07")):
        closed = f"2026-03-{at}T10:00:00Z" if state == "closed" else None
        github(app, hook, "pull_request", pull_request(action, state=state, updated_at=f"2026-03-{at}T10:00:00Z", closed_at=closed))
    work(app)
    assert (only(cast, ours)["state"], only(cast, ours)["closed_at"]) == ("open", None)


def a_review(number, state, at, who, **fields):
    simple = {name: value for name, value in pull_request(updated_at=at, **fields)["pull_request"].items() if name not in ("additions", "deletions")}
    said = {"id": number, "user": who, "state": state, "submitted_at": at}
    return {"action": "submitted", "review": said, "pull_request": simple, "repository": place()}


def test_reviews_are_kept_once_and_neither_authors_nor_bots_review(app, cast, hook, ours):
    github(app, hook, "pull_request", pull_request())
    for number, state, hour, who in ((1, "commented", 11, account(1, "dana")), (2, "commented", 12, account(9, "ci[bot]", "Bot")),
                                     (3, "changes_requested", 13, account(2, "lee")), (4, "approved", 14, account(2, "lee")),
                                     (4, "approved", 14, account(2, "lee"))):
        github(app, hook, "pull_request_review", a_review(number, state, f"2026-03-05T{hour}:00:00Z", who))
    work(app)
    row = only(cast, ours)
    assert [each["state"] for each in row["reviews"]] == ["commented", "commented", "changes_requested", "approved"]
    assert (row["first_review_at"], row["approved_at"]) == ("2026-03-05T13:00:00Z", "2026-03-05T14:00:00Z")
    assert (row["lines_added"], row["lines_deleted"]) == (12, 4)  # reviews do not tell them, and take nothing away
    github(app, hook, "pull_request_review", a_review(4, "dismissed", "2026-03-05T14:00:00Z", account(2, "lee")))
    work(app)
    assert [each["state"] for each in only(cast, ours)["reviews"]][-1] == "dismissed"


def test_a_review_may_be_the_first_that_is_heard_of_a_pull_request_and_its_author_may_be_gone(app, cast, hook, ours):
    github(app, hook, "pull_request_review", a_review(1, "approved", "2026-03-05T12:00:00Z", None, user=None))
    assert outcome(app, cast, hook)[0] == "done"
    row = only(cast, ours)
    assert (row["developer_id"], row["reviews"][0]["developer_id"], row["first_review_at"]) == (None, None, None)


def test_a_private_address_in_a_push_and_the_account_of_a_pull_request_are_one_developer(app, cast, hook, ours):
    github(app, hook, "push", push(pushed(sha("one"), email="1+dana@users.noreply.github.com")))
    github(app, hook, "pull_request", pull_request())
    work(app)
    assert commits(cast, ours)[0]["developer_id"] == only(cast, ours)["developer_id"] is not None


def project(**fields):
    return {"id": 5, "path_with_namespace": "acme/web", "web_url": "https://git.example/acme/web", "default_branch": "main", **fields}


def merge_request(action="open", state="opened", user=8, changes=None, **fields):
    told = {"id": 99, "iid": 1, "author_id": 8, "title": "Raise webform", "state": state, "action": action, "source_branch": "raise", "target_branch": "main",
            "created_at": "2026-03-05 10:00:00 UTC", "updated_at": "2026-03-05 10:00:00 UTC", "last_commit": {"id": "b" * 40},
            "url": "https://git.example/acme/web/-/merge_requests/1", **fields}
    return {"object_kind": "merge_request", "user": {"id": user, "name": f"Person {user}"}, "project": project(), "object_attributes": told,
            "changes": changes or {}}


@pytest.fixture
def gitlabs(cast):
    return an_endpoint(cast, "gitlab"), f"/repositories/{repository(cast, url='git@git.example:acme/web.git')['id']}"


def test_a_push_of_gitlab_that_is_not_told_whole_is_known_to_be_incomplete(app, cast, gitlabs):
    hook, ours = gitlabs
    body = {"object_kind": "push", "ref": "refs/heads/main", "after": sha("two"), "project": project(), "total_commits_count": 25,
            "commits": [pushed(sha("one")), pushed(sha("two"))]}
    gitlab(app, hook, "Push Hook", body)
    state, words = outcome(app, cast, hook)
    assert (state, "has 25" in words) == ("done", True)
    since = cast.viewer.get(ours).json["data"]["incomplete_since"]
    assert since is not None
    gitlab(app, hook, "Push Hook", {**body, "total_commits_count": 2, "again": True})
    work(app)
    assert cast.viewer.get(ours).json["data"]["incomplete_since"] == since


def test_a_merge_request_is_followed_and_merged_when_it_was_merged(app, cast, gitlabs):
    hook, ours = gitlabs
    late = "2026-03-09 10:00:00 UTC"
    for body in (merge_request(work_in_progress=True),
                 merge_request("update", updated_at="2026-03-06T10:00:00+02:00", changes={"draft": {"previous": True, "current": False}}),
                 merge_request("approved", user=9, updated_at="2026-03-06 12:00:00 UTC"),
                 merge_request("merge", "merged", user=9, updated_at="2026-03-07 12:00:00 +0200", merge_commit_sha="c" * 40),
                 merge_request("update", "merged", updated_at=late, merge_commit_sha="c" * 40)):
        assert gitlab(app, hook, "Merge Request Hook", body).status_code == 202
    work(app)
    row = only(cast, ours)
    assert (row["state"], row["merged_at"], row["merge_commit_sha"]) == ("merged", "2026-03-07T10:00:00Z", "c" * 40)
    assert (row["ready_for_review_at"], row["first_review_at"], row["approved_at"]) == ("2026-03-06T08:00:00Z", "2026-03-06T12:00:00Z", "2026-03-06T12:00:00Z")
    assert (row["lines_added"], row["author_name"]) == (None, "Person 8")


def test_a_note_of_somebody_else_begins_the_review(app, cast, gitlabs):
    hook, ours = gitlabs
    about = {name: value for name, value in merge_request()["object_attributes"].items() if name != "action"}

    def note(number, who, at, **fields):
        said = {"id": number, "noteable_type": "MergeRequest", "author_id": who, "created_at": at, "system": False, **fields}
        return {"object_kind": "note", "user": {"id": who, "name": f"Person {who}"}, "project": project(), "object_attributes": said, "merge_request": about}

    for body in (note(1, 8, "2026-03-05 11:00:00 UTC"), note(2, 9, "2026-03-05 12:00:00 UTC"), note(3, 7, "2026-03-05 11:30:00 UTC", system=True),
                 note(4, 9, "2026-03-05 10:30:00 UTC", noteable_type="Issue")):
        gitlab(app, hook, "Note Hook", body)
    work(app)
    assert only(cast, ours)["first_review_at"] == "2026-03-05T12:00:00Z"
    assert sorted(each["state"] for each in deliveries(cast, hook)) == ["done", "done", "ignored", "ignored"]


def test_accounts_of_two_servers_are_not_one_person_though_their_numbers_are_equal(app, cast, gitlabs):
    hook, ours = gitlabs
    other = f"/repositories/{repository(cast, url='https://other.example/acme/web')['id']}"
    gitlab(app, hook, "Merge Request Hook", merge_request())
    elsewhere = {**merge_request(), "project": project(web_url="https://other.example/acme/web")}
    gitlab(app, hook, "Merge Request Hook", elsewhere)
    work(app)
    assert only(cast, ours)["developer_id"] != only(cast, other)["developer_id"]


def samples(kind):
    manifest = DATA / f"{kind}_webhooks" / "_manifest.json"
    return json.loads(manifest.read_text())["payloads"] if manifest.exists() else []


@real
@pytest.mark.parametrize("sample", samples("github"), ids=lambda each: each["file"])
def test_real_bodies_of_github_are_taken_byte_for_byte_and_read_as_they_say(app, cast, sample):
    from webapp.kit.db import execute

    hook = an_endpoint(cast)
    body = (DATA / "github_webhooks" / sample["file"]).read_bytes()
    from tests import factories
    from webapp.kit.secrets import keyring

    secret = "It's a Secret to Everybody"
    with factories.writing(app):
        execute("UPDATE webhook_endpoints SET signing_secret = :secret", secret=keyring().encrypt(secret))
    ours = repository(cast, url=f"https://github.com/{sample['repository']}")
    given = sample["headers"] | {"X-GitHub-Delivery": "one"}
    if "X-Hub-Signature-256" not in given:
        given["X-Hub-Signature-256"] = signed(secret, body)
    answer = Caller(app).post(f"/webhooks/github/{hook['id']}", headers=given, data=body)
    assert answer.status_code == 202, answer.text
    state, words = outcome(app, cast, hook)
    assert state != "failed", words
    expected = sample["expected"]
    if given["X-GitHub-Event"] == "push":
        found = commits(cast, f"/repositories/{ours['id']}")
        assert [each["sha"] for each in found] == [each["sha"] for each in expected["commits"]]
        assert [each["author_email"] for each in found] == [each["author_email"] for each in expected["commits"]]
    elif given["X-GitHub-Event"].startswith("pull_request"):
        row = only(cast, f"/repositories/{ours['id']}")
        told = {"number": "number", "draft": "is_draft", "created_at": "created_at", "closed_at": "closed_at", "merged_at": "merged_at",
                "additions": "lines_added", "deletions": "lines_deleted", "author": "author_name", "base_ref": "base_branch", "head_ref": "head_branch"}
        assert {name: row[own] for name, own in told.items()} == {name: expected[name] for name in told}


@real
@pytest.mark.parametrize("sample", samples("gitlab"), ids=lambda each: each["file"])
def test_real_bodies_of_gitlab_are_taken(app, cast, sample):
    hook = an_endpoint(cast, "gitlab")
    payload = json.loads((DATA / "gitlab_webhooks" / sample["file"]).read_text())
    if "web_url" in payload.get("project", {}):
        ours = repository(cast, url=payload["project"]["web_url"])
    assert gitlab(app, hook, sample["headers"]["X-Gitlab-Event"], payload).status_code == 202
    state, words = outcome(app, cast, hook)
    expected = sample["expected"]
    # The names in this sample end in spaces, so that nothing of it can be read: it is kept, and says so.
    assert (state == "failed") is (sample["file"] == "group_merge_request.json"), words
    if expected["object_kind"] == "push":
        assert {each["sha"] for each in commits(cast, f"/repositories/{ours['id']}")} == {each["sha"] for each in expected["commits"]}
        assert (cast.viewer.get(f"/repositories/{ours['id']}").json["data"]["incomplete_since"] is not None) is expected["incomplete"]
    elif expected["object_kind"] == "merge_request" and state == "done":
        row = only(cast, f"/repositories/{ours['id']}")
        assert (row["number"], row["created_at"], row["head_branch"]) == (expected["iid"], expected["created_at"], expected["source"])


@real
def test_signatures_of_others_are_right_and_wrong_as_they_say(app, cast):
    from webapp.insights.actions.deliveries import is_signed
    from webapp.insights.models import WebhookEndpoint
    from webapp.kit.clock import now

    vectors = json.loads((DATA / "webhook_signature_vectors.json").read_text())
    right = vectors["github_documented"]
    endpoint = WebhookEndpoint(signing_secret=right["secret"])
    assert is_signed(endpoint, right["body_utf8"].encode(), right["X-Hub-Signature-256"], now())
    for wrong in vectors["must_reject"]:
        other = WebhookEndpoint(signing_secret=wrong.get("secret", right["secret"]))
        assert not is_signed(other, wrong.get("body_utf8", right["body_utf8"]).encode(), wrong["sig"], now()), wrong["why"]
