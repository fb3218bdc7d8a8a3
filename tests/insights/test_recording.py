"""Commits and pull requests as they are told: each once, all or nothing, news before old news, and by whom."""

from __future__ import annotations

import pytest

from tests.insights.facts import a_commit, a_pull_request, a_review, ago, repository, sha


@pytest.fixture
def path(cast):
    return f"/repositories/{repository(cast)['id']}"


def listed(cast, path):
    return cast.viewer.get(path).json["data"]


def test_a_commit_is_kept_once_and_counted(cast, path):
    one = a_commit("one", at="2026-03-05T10:00:00Z", lines_added=10, lines_deleted=2)
    for _ in range(2):
        answer = cast.member.post(f"{path}/commits", one)
        assert (answer.status_code, answer.json["data"]["sha"]) == (200, one["sha"])
    both = cast.member.post(f"{path}/commits", {"items": [one, a_commit("two", "one", at="2026-03-06T10:00:00Z")]})
    assert both.json["data"] == {"received": 2, "added": 1, "changed": 0, "unchanged": 1}
    assert [row["sha"] for row in listed(cast, f"{path}/commits")] == [sha("two"), sha("one")]
    one_repository = cast.viewer.get(path).json["data"]
    assert (one_repository["commit_count"], one_repository["last_commit_at"]) == (2, "2026-03-06T10:00:00Z")
    assert cast.admin.get("/audit-logs", action="commits.recorded").json["meta"]["total"] == 2


def test_a_commit_gains_what_it_lacked_and_loses_nothing(cast, path):
    cast.member.post(f"{path}/commits", a_commit("one", "zero", lines_added=10, lines_deleted=2, branch="main"))
    again = cast.member.post(f"{path}/commits", {"items": [a_commit("one", branch="feature", patch_id=sha("patch"))]})
    assert again.json["data"] == {"received": 1, "added": 0, "changed": 1, "unchanged": 0}
    row = listed(cast, f"{path}/commits")[0]
    assert (row["lines_added"], row["lines_deleted"], row["is_on_default_branch"], row["parents"]) == (10, 2, True, [sha("zero")])


def test_lines_that_nobody_counted_are_null(cast, path):
    cast.member.post(f"{path}/commits", a_commit())
    assert (listed(cast, f"{path}/commits")[0]["lines_added"], listed(cast, f"{path}/commits")[0]["lines_deleted"]) == (None, None)


def test_a_commit_elsewhere_than_on_the_default_branch_is_known_to_be(cast, path):
    cast.member.post(f"{path}/commits", a_commit("one", branch="feature"))
    assert listed(cast, f"{path}/commits")[0]["is_on_default_branch"] is False
    cast.member.post(f"{path}/commits", a_commit("one", branch="main"))
    assert listed(cast, f"{path}/commits")[0]["is_on_default_branch"] is True


@pytest.mark.parametrize(("what", "items"), [
    ("commits", [a_commit(), {"sha": "no"}]), ("commits", [a_commit("twin"), a_commit("twin")]), ("commits", []),
    ("pull-requests", [a_pull_request(1), a_pull_request(2, state="merged")]), ("pull-requests", [a_pull_request(), a_pull_request()])])
def test_many_are_taken_all_or_none(cast, path, what, items):
    answer = cast.member.post(f"{path}/{what}", {"items": items})
    assert (answer.status_code, answer.json["details"][0]["field"].startswith("items")) == (422, True)
    assert listed(cast, f"{path}/{what}") == []


@pytest.mark.parametrize(("what", "value", "field"), [
    ("commits", a_commit(sha="xyz"), "sha"), ("commits", a_commit(parents=["xyz"]), "parents.0"), ("commits", a_commit(lines_added=-1), "lines_added"),
    ("commits", a_commit(authored_at="noon"), "authored_at"), ("commits", a_commit(colour="red"), "colour"), ("commits", a_commit(external_id="x"), "external_id"),
    ("pull-requests", a_pull_request(0), "number"), ("pull-requests", a_pull_request(state="won"), "state"),
    ("pull-requests", a_pull_request(state="merged"), "merged_at"), ("pull-requests", a_pull_request(merged_at=ago(hours=1)), "merged_at"),
    ("pull-requests", a_pull_request(state="merged", merged_at=ago(days=9)), "merged_at"),
    ("pull-requests", a_pull_request(reviews=[{"state": "approved"}]), "reviews.0.reviewer_email")])
def test_nonsense_is_refused_at_its_field(cast, path, what, value, field):
    answer = cast.member.post(f"{path}/{what}", value)
    assert (answer.status_code, field in [each["field"] for each in answer.json["details"]]) == (422, True), answer.json


def test_one_address_in_two_cases_is_one_developer_and_one_name_with_two_addresses_is_two(cast, path):
    cast.member.post(f"{path}/commits", {"items": [a_commit(), a_commit(author_email=" DANA@Example.com"), a_commit(author_email="other@example.com"),
                                                   a_commit(author_email="")]})
    who = [row["developer_id"] for row in listed(cast, f"{path}/commits")]
    assert (len(set(who)), who.count(None)) == (3, 1)


def test_a_private_address_of_github_is_the_account(cast, path):
    for email in ("21031067+codertocat@users.noreply.github.com", "21031067+renamed@users.noreply.github.com"):
        cast.member.post(f"{path}/commits", a_commit(author_email=email))
    assert len({row["developer_id"] for row in listed(cast, f"{path}/commits")}) == 1


def test_commits_are_read_by_cursor_however_many_come_meanwhile(cast, path):
    cast.member.post(f"{path}/commits", {"items": [a_commit(at=f"2026-03-{day:02}T10:00:00Z") for day in range(1, 8)]})
    first = cast.viewer.get(f"{path}/commits", cursor="", limit=3)
    cast.member.post(f"{path}/commits", a_commit(at="2026-04-01T10:00:00Z"))
    rest = cast.viewer.get(f"{path}/commits", cursor=first.json["meta"]["next_cursor"], limit=10)
    days = [row["committed_at"][8:10] for row in first.json["data"] + rest.json["data"]]
    assert days == ["07", "06", "05", "04", "03", "02", "01"]


def test_commits_are_filtered(cast, path):
    cast.member.post(f"{path}/commits", {"items": [
        a_commit("one", at="2026-03-01T10:00:00Z"), a_commit("two", "one", at="2026-03-02T10:00:00Z", branch="feature", message="Fix the pool"),
        a_commit("three", "one", "two", at="2026-03-03T10:00:00Z", author_email="lee@example.com")]})

    def found(**asked):
        return [row["sha"] for row in cast.viewer.get(f"{path}/commits", **asked).json["data"]]

    lee = listed(cast, f"{path}/commits")[0]["developer_id"]
    assert found(is_merge="true") == found(developer_id=lee) == found(**{"from": "2026-03-03"}) == [sha("three")]
    assert found(is_on_default_branch="false") == found(q="POOL") == found(**{"from": "2026-03-02", "to": "2026-03-02"}) == [sha("two")]
    assert found(q=sha("one")[:9]) == found(sha=sha("one").upper()) == [sha("one")]


def test_a_pull_request_is_kept_once_with_its_reviews(cast, path):
    value = a_pull_request(7, state="merged", merged_at=ago(hours=2), lines_added=5, lines_deleted=1, merge_commit_sha=sha("merge"),
                           reviews=[a_review("commented", submitted_at=ago(hours=22)), a_review(submitted_at=ago(hours=20))])
    first = cast.member.post(f"{path}/pull-requests", value).json["data"]
    again = cast.member.post(f"{path}/pull-requests", {"items": [value]}).json["data"]
    assert again == {"received": 1, "added": 0, "changed": 0, "unchanged": 1}
    rows = listed(cast, f"{path}/pull-requests")
    assert rows == [first]
    assert [review["state"] for review in first["reviews"]] == ["commented", "approved"]
    assert (first["first_review_at"], first["approved_at"]) == (first["reviews"][0]["submitted_at"], first["reviews"][1]["submitted_at"])
    assert first["ready_for_review_at"] is first["first_commit_at"] is None
    assert cast.admin.get("/audit-logs", action="pull_requests.recorded").json["meta"]["total"] == 1


def test_what_is_posted_says_how_it_stands_now(cast, path):
    cast.member.post(f"{path}/pull-requests", a_pull_request(lines_added=5, first_review_at=ago(hours=20)))
    cast.member.post(f"{path}/pull-requests", a_pull_request(state="merged", merged_at=ago(hours=1), first_review_at=ago(hours=19)))
    row = cast.member.post(f"{path}/pull-requests", a_pull_request(title="Mended", state="closed")).json["data"]
    assert (row["state"], row["merged_at"], row["title"], row["lines_added"], row["first_review_at"]) == ("closed", None, "Mended", 5, ago(hours=19))


def test_the_authors_own_words_and_those_of_bots_are_no_review_and_none_comes_before_the_opening(cast, path):
    opened = ago(days=1)
    own = a_review("commented", reviewer_email="DANA@example.com", submitted_at=ago(hours=23))
    bot = a_review("commented", reviewer_email="bot@renovateapp.com", submitted_at=ago(hours=22))
    row = cast.member.post(f"{path}/pull-requests", a_pull_request(created_at=opened, reviews=[own, bot])).json["data"]
    assert (row["first_review_at"], len(row["reviews"])) == (None, 2)
    early = a_review("commented", submitted_at=ago(days=200))
    assert cast.member.post(f"{path}/pull-requests", a_pull_request(created_at=opened, reviews=[early])).json["data"]["first_review_at"] == opened


def test_pull_requests_are_filtered_and_sorted(cast, path):
    cast.member.post(f"{path}/pull-requests", {"items": [
        a_pull_request(1, created_at="2026-03-01T10:00:00Z"), a_pull_request(2, created_at="2026-03-02T10:00:00Z", state="closed", title="Odd"),
        a_pull_request(3, created_at="2026-03-03T10:00:00Z", state="merged", merged_at="2026-03-04T10:00:00Z", author_email="lee@example.com")]})

    def found(**asked):
        return [row["number"] for row in cast.viewer.get(f"{path}/pull-requests", **asked).json["data"]]

    assert found() == [3, 2, 1]
    assert found(sort="number") == [1, 2, 3]
    assert found(state="open,closed") == [2, 1]
    assert found(q="odd") == found(number=2) == found(**{"from": "2026-03-02", "to": "2026-03-02"}) == [2]
    assert found(cursor="", limit=1) == [3]


def test_what_is_told_at_once_by_two_makes_nobody_two(app, cast, path):
    """Only one transaction at a time makes developers in an organization."""
    import threading

    answers = []
    threads = [threading.Thread(target=lambda: answers.append(cast.member.post(f"{path}/commits", a_commit()).status_code)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 6
    assert len({row["developer_id"] for row in listed(cast, f"{path}/commits")}) == 1
    assert cast.viewer.get(path).json["data"]["commit_count"] == 6
