"""Developers: who is who, what they did in thirty days, and who sees it."""

from __future__ import annotations

import pytest

from tests import factories
from tests.insights.facts import a_commit, a_pull_request, a_review, ago, repository, sha
from webapp.insights.values.words import SHOWN

HIDDEN = dict.fromkeys(("commits_last_30d", "prs_opened", "prs_merged", "prs_reviewed", "lines_added", "lines_deleted"))


@pytest.fixture
def ours(cast):
    return f"/repositories/{repository(cast)['id']}"


def set_to(cast, policy, **settings):
    answer = cast.root.patch(f"/organizations/{cast.organization.id}", {"settings": {"developer_metrics": policy, **settings}})
    assert answer.status_code == 200, answer.json


def found(who, **asked):
    return who.get("/developers", **asked).json["data"]


def developer(cast, email):
    """The developer who is known by this address."""
    return next(row["id"] for row in found(cast.root) if email in [each["value"] for each in row["identities"]])


def metrics(who, developer_id):
    return who.get(f"/developers/{developer_id}").json["data"]["metrics"]


def test_the_numbers_of_thirty_days(cast, ours):
    """Two commits that count, and seven that do not."""
    set_to(cast, "members")
    cast.member.post(f"{ours}/commits", {"items": [
        a_commit("one", lines_added=10, lines_deleted=2), a_commit("two", "one", author_email="DANA@example.com", lines_added=5, lines_deleted=0),
        a_commit("old", at=ago(days=31), lines_added=100), a_commit("later", at=ago(days=-2), lines_added=100),
        a_commit("merge", "one", "two", lines_added=100), a_commit("branch", branch="feature", lines_added=100),
        a_commit("squashed", patch_id=sha("patch"), author_email="lee@example.com"),
        a_commit("picked", patch_id=sha("patch"), author_email="lee@example.com")]})
    cast.member.post(f"{ours}/pull-requests", {"items": [
        a_pull_request(1, reviews=[a_review(), a_review("commented", submitted_at=ago(hours=19))]),
        a_pull_request(2, created_at=ago(days=40), state="merged", merged_at=ago(days=3), reviews=[a_review()]),
        a_pull_request(3, created_at=ago(days=40), state="merged", merged_at=ago(days=35), reviews=[a_review(submitted_at=ago(days=36))]),
        a_pull_request(4, author_email="lee@example.com", reviews=[a_review()])]})
    dana, lee = (metrics(cast.viewer, developer(cast, f"{name}@example.com")) for name in ("dana", "lee"))
    assert dana == {"commits_last_30d": 2, "prs_opened": 1, "prs_merged": 1, "prs_reviewed": 0, "lines_added": 15, "lines_deleted": 2}
    assert (lee["commits_last_30d"], lee["prs_reviewed"], lee["prs_opened"]) == (1, 2, 1)
    assert (lee["lines_added"], lee["lines_deleted"]) == (None, None)  # nobody has counted them, and none is not nought


def test_lines_come_from_merged_pull_requests_where_no_commit_has_them_and_nothing_done_is_nought(cast, ours):
    set_to(cast, "members")
    cast.member.post(f"{ours}/commits", a_commit())
    cast.member.post(f"{ours}/pull-requests", a_pull_request(state="merged", merged_at=ago(hours=2), lines_added=7, lines_deleted=3))
    assert [metrics(cast.viewer, developer(cast, "dana@example.com"))[name] for name in ("lines_added", "lines_deleted")] == [7, 3]
    cast.member.post(f"{ours}/commits", a_commit(author_email="gone@example.com", at=ago(days=90)))
    assert metrics(cast.viewer, developer(cast, "gone@example.com")) == dict.fromkeys(HIDDEN, 0)


def test_a_deleted_repository_counts_no_more(cast, ours):
    set_to(cast, "members")
    cast.member.post(f"{ours}/commits", a_commit())
    who = developer(cast, "dana@example.com")
    assert metrics(cast.viewer, who)["commits_last_30d"] == 1
    cast.admin.delete(ours)
    assert metrics(cast.viewer, who)["commits_last_30d"] == 0
    assert cast.viewer.get(f"/developers/{who}/activity").json["data"] == []


@pytest.fixture
def people(cast, ours):
    """The cast as developers: their accounts' addresses are what they commit by."""
    who = ("admin", "member", "viewer")
    cast.member.post(f"{ours}/commits", {"items": [a_commit(author_email=getattr(cast, name).email.upper()) for name in who]})
    return {name: developer(cast, getattr(cast, name).email) for name in who}


@pytest.mark.parametrize(("policy", "own", "lead", "other", "operator"), [
    (None, "own", "lead", "hidden", "operator"), ("self+lead", "own", "lead", "hidden", "operator"), ("self", "own", "hidden", "hidden", "operator"),
    ("members", "own", "members", "members", "operator"), ("off", "off", "off", "off", "off")])
def test_who_sees_the_numbers_of_one_person(cast, people, policy, own, lead, other, operator):
    """The member is in a team with the admin; the viewer is in none."""
    if policy:
        set_to(cast, policy)
    team = cast.admin.post("/teams", {"name": "Web", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    for person in (cast.admin, cast.member):
        cast.admin.put(f"/teams/{team}/members/{person.id}")
    path = f"/developers/{people['member']}"
    for who, said in ((cast.member, own), (cast.admin, lead), (cast.viewer, other), (cast.root, operator), (cast.key("read"), other)):
        data = who.get(path).json["data"]
        assert (data["visibility"], data["metrics"] == HIDDEN) == (said, said not in SHOWN)
        assert who.get(f"{path}/activity").status_code == (200 if said in SHOWN else 403)
    hidden = cast.admin.get(f"/developers/{people['viewer']}").json["data"]
    assert hidden["visibility"] == ("hidden" if policy in (None, "self", "self+lead") else other)  # whom they do not lead
    assert cast.stranger.get(path).status_code == 404
    assert found(cast.stranger) == []


def test_lists_show_the_numbers_of_others_only_where_they_are_everybodys(cast, people):
    by_id = {row["id"]: row["metrics"]["commits_last_30d"] for row in found(cast.root)}
    assert set(by_id.values()) == {None}
    by_id = {row["id"]: row["metrics"]["commits_last_30d"] for row in found(cast.member)}
    assert {by_id.pop(people["member"]), *by_id.values()} == {1, None}
    set_to(cast, "members")
    assert {row["metrics"]["commits_last_30d"] for row in found(cast.viewer)} == {1}


def test_nobody_is_ranked(cast, people):
    for key in ("commits_last_30d", "-lines_added", "metrics.prs_merged"):
        assert cast.viewer.get("/developers", sort=key).status_code == 422


def test_whoever_looks_is_noted_and_seen(cast, people):
    set_to(cast, "members")
    path = f"/developers/{people['member']}"
    cast.member.get(path)
    cast.viewer.get(path)
    cast.viewer.get(f"{path}/activity")
    cast.viewer.get("/developers")
    assert [row["actor"] for row in cast.member.get(f"{path}/views").json["data"]] == [cast.viewer.email] * 2
    assert cast.admin.get(f"{path}/views").json["meta"]["total"] == 2
    assert cast.viewer.get(f"{path}/views").status_code == 403
    assert cast.stranger.get(f"{path}/views").status_code == 404


def test_where_names_are_hidden_nothing_leads_to_them(cast, ours, people):
    set_to(cast, "self", pseudonymise_developers=True)
    theirs, named = f"/developers/{people['member']}", {row["id"]: row["name"] for row in found(cast.viewer)}
    assert named[people["viewer"]] == "Dana"
    assert (named[people["member"]].startswith("anon-"), named[people["admin"]].startswith("anon-")) == (True, True)
    assert len(set(named.values())) == 3
    assert (cast.viewer.get(theirs).json["data"]["user_id"], cast.viewer.get(theirs).json["data"]["identities"]) == (None, None)
    assert [row["id"] for row in found(cast.viewer, q="dana")] == [people["viewer"]]
    shown = cast.viewer.get(f"{ours}/commits").json["data"]
    assert {row["author_email"] for row in shown} == {None, cast.viewer.email.upper()}
    assert cast.member.email not in cast.viewer.get(f"{ours}/commits", format="csv").text.lower()
    assert {row["name"] for row in found(cast.admin)} == {"Dana"}
    kept = {row["author_email"] for row in cast.admin.get(f"{ours}/commits").json["data"]}
    assert kept == {person.email.upper() for person in (cast.admin, cast.member, cast.viewer)}


def test_names_of_authors_and_reviewers_of_pull_requests_are_hidden_too(cast, ours):
    set_to(cast, "self", pseudonymise_developers=True)
    cast.member.post(f"{ours}/pull-requests", a_pull_request(author_name="Dana", reviews=[a_review(reviewer_name="Lee")]))
    text = cast.viewer.get(f"{ours}/pull-requests").text
    assert [word in text for word in ("Dana", "dana@example.com", "Lee", "lee@example.com")] == [False] * 4
    assert "Lee" in cast.admin.get(f"{ours}/pull-requests").text


def test_two_become_one_and_two_again(cast, ours):
    set_to(cast, "members")
    cast.member.post(f"{ours}/commits", {"items": [a_commit(author_email=f"{name}@example.com") for name in ("dana", "d.home", "d.old")]})
    dana, home, old = (developer(cast, f"{name}@example.com") for name in ("dana", "d.home", "d.old"))
    assert cast.member.post(f"/developers/{home}/merge", {"into_id": dana}).status_code == 403
    assert cast.admin.post(f"/developers/{old}/merge", {"into_id": home}).json["data"]["id"] == home
    merged = cast.admin.post(f"/developers/{home}/merge", {"into_id": dana}).json["data"]
    assert (len(merged["identities"]), metrics(cast.viewer, dana)["commits_last_30d"]) == (3, 3)
    assert [cast.viewer.get(f"/developers/{each}").status_code for each in (dana, home, old)] == [200, 404, 404]
    cast.member.post(f"{ours}/commits", a_commit(author_email="d.old@example.com"))
    assert metrics(cast.viewer, dana)["commits_last_30d"] == 4
    apart = cast.admin.post(f"/developers/{home}/unmerge").json["data"]
    assert sorted(each["value"] for each in apart["identities"]) == ["d.home@example.com", "d.old@example.com"]
    assert (metrics(cast.viewer, dana)["commits_last_30d"], metrics(cast.viewer, home)["commits_last_30d"]) == (1, 3)
    assert cast.admin.post(f"/developers/{old}/unmerge").status_code == 200
    assert metrics(cast.viewer, home)["commits_last_30d"] == 1
    assert cast.admin.post(f"/developers/{old}/unmerge").status_code == 404
    actions = [row["action"] for row in cast.admin.get("/audit-logs", resource_type="developer", sort="at").json["data"] if "merged" in row["action"]]
    assert actions == ["developer.merged", "developer.merged", "developer.unmerged", "developer.unmerged"]


def test_what_cannot_be_one_person_is_refused(cast, people):
    theirs = repository(cast, organization=cast.elsewhere)
    cast.stranger.post(f"/repositories/{theirs['id']}/commits", a_commit())
    foreign = found(cast.stranger)[0]["id"]
    path = f"/developers/{people['member']}/merge"
    assert cast.admin.post(path, {"into_id": people["member"]}).status_code == 422
    assert cast.admin.post(path, {"into_id": people["viewer"]}).status_code == 409  # each has an account
    assert cast.admin.post(path, {"into_id": foreign}).status_code == 404
    assert cast.root.post(path, {"into_id": foreign}).status_code == 422
    assert cast.stranger.post(path, {"into_id": foreign}).status_code == 404


def test_an_account_is_linked_when_its_address_is_first_seen_and_by_no_later_change(app, cast, people):
    """Whoever takes somebody's address for their own account later sees nothing of that person."""
    assert cast.member.get(f"/developers/{people['member']}").json["data"]["visibility"] == "own"
    with factories.writing(app):
        thief = factories.user("thief@meridian.example", cast.organization)
    from tests.cast import signed_in

    person = signed_in(app, thief)
    cast.root.patch(f"/users/{cast.member.id}", {"email": "elsewhere@meridian.example"})
    cast.root.patch(f"/users/{thief.id}", {"email": "member@meridian.example"})
    assert person.get(f"/developers/{people['member']}").json["data"]["visibility"] == "hidden"
    assert cast.member.get(f"/developers/{people['member']}").json["data"]["visibility"] == "own"


def test_an_admin_says_whose_account_is_theirs_and_who_is_a_program(cast, ours):
    cast.member.post(f"{ours}/commits", a_commit())
    path = f"/developers/{developer(cast, 'dana@example.com')}"
    assert cast.admin.patch(path, {"user_id": cast.stranger.id}).json["details"][0]["field"] == "user_id"
    assert cast.member.patch(path, {"user_id": cast.member.id}).status_code == 403
    assert cast.admin.patch(path, {"user_id": cast.member.id, "is_bot": True, "name": "Dana W."}).json["data"]["name"] == "Dana W."
    assert cast.member.get(path).json["data"]["visibility"] == "own"
    assert [row["name"] for row in found(cast.viewer, is_bot="true")] == ["Dana W."]


def test_activity_is_one_list_by_time_read_by_cursor(cast, ours):
    set_to(cast, "members")
    cast.member.post(f"{ours}/commits", {"items": [a_commit(f"c{day}", at=ago(days=day), message=f"Day {day}\n\nmore") for day in range(2, 6)]})
    cast.member.post(f"{ours}/pull-requests", a_pull_request(7, created_at=ago(days=3), state="merged", merged_at=ago(days=3), title="One"))
    cast.member.post(f"{ours}/pull-requests", a_pull_request(8, author_email="lee@example.com", reviews=[a_review(reviewer_email="dana@example.com")]))
    path = f"/developers/{developer(cast, 'dana@example.com')}/activity"
    rows, cursor = [], ""
    while cursor is not None:
        part = cast.viewer.get(path, cursor=cursor, limit=2).json
        rows, cursor = rows + part["data"], part["meta"]["next_cursor"]
    assert len({row["id"] for row in rows}) == len(rows) == 7
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    assert rows[0] | {"id": "", "at": "", "repository_id": "", "repository_name": ""} == {
        "id": "", "at": "", "kind": "review", "repository_id": "", "repository_name": "", "title": "Raise webform", "ref": "8", "url": None}
    assert [row["title"] for row in cast.viewer.get(path, kind="commit").json["data"]] == [f"Day {day}" for day in range(2, 6)]
    assert {row["kind"] for row in cast.viewer.get(path, kind="pull_request_opened,pull_request_merged").json["data"]} == {
        "pull_request_opened", "pull_request_merged"}
    assert cast.viewer.get(path, **{"from": ago(days=2, hours=1)}).json["meta"]["total"] == 2
    assert cast.viewer.get(path, kind="sleep").status_code == 422
