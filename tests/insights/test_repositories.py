"""Repositories, for each role: made, changed, deleted, restored, cached; and the sites that are run from them."""

from __future__ import annotations

import pytest

from tests import factories
from tests.insights.facts import a_commit, repository

NOBODY = "0190a3b0-0000-7000-8000-000000000000"


def names(answer):
    return [row["name"] for row in answer.json["data"]]


def test_a_repository_is_made_changed_deleted_and_restored(cast):
    value = {"name": "Web", "url": "git@GitHub.com:Acme/Web.git", "organization_id": str(cast.organization.id), "language": "PHP"}
    answer = cast.member.post("/repositories", value)
    made = answer.json["data"]
    path = f"/repositories/{made['id']}"
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1{path}")
    assert (made["url"], made["default_branch"], made["commit_count"], made["last_commit_at"]) == ("https://github.com/Acme/Web", "main", 0, None)
    assert cast.viewer.get(path).json["data"] == made
    assert cast.member.patch(path, {"default_branch": "2.x"}).json["data"]["default_branch"] == "2.x"
    gone = cast.admin.delete(path).json["data"]
    assert (gone["is_active"], gone["deleted_at"] is not None) == (False, True)
    assert cast.admin.get(path).status_code == 404
    assert (names(cast.admin.get("/repositories")), names(cast.admin.get("/repositories", include_deleted="true"))) == ([], ["Web"])
    assert cast.admin.post(f"{path}/restore").json["data"]["is_active"] is True
    actions = [row["action"] for row in cast.admin.get("/audit-logs", resource_type="repository", sort="at").json["data"]]
    assert actions == ["repository.created", "repository.changed", "repository.deleted", "repository.restored"]


@pytest.mark.parametrize("url", ["https://github.com/acme/web", "https://GITHUB.com/Acme/Web.git", "git@github.com:acme/web.git",
                                 "ssh://git@github.com/acme/web.git", "https://github.com:443/acme/web/", "http://x", None])
def test_an_address_is_taken_once_in_an_organization_however_it_is_written(cast, url):
    repository(cast, url="https://github.com/acme/web")
    value = {"name": "Again", "url": url, "organization_id": str(cast.organization.id)}
    answer = cast.admin.post("/repositories", value)
    is_one = url not in ("http://x", None)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (409 if is_one else 422, "url")
    if is_one:  # elsewhere it is nobody's business that it is known here
        assert cast.stranger.post("/repositories", {**value, "organization_id": str(cast.elsewhere.id)}).status_code == 201


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://user:secret@github.com/a/b", "https://token@github.com/a/b", "file:///etc",
                                 "https://github.com", "https://github.com/a b", "https://github.com/a?b=c", "a/b", "", "https://[::1/x"])
def test_what_is_no_address_of_a_repository_is_refused_and_not_repeated(cast, url):
    answer = cast.admin.post("/repositories", {"name": "x", "url": url, "organization_id": str(cast.organization.id)})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "url")
    assert "secret" not in answer.text


@pytest.mark.parametrize(("person", "read", "write", "delete"), [
    ("admin", 200, 200, 200), ("member", 200, 200, 403), ("viewer", 200, 403, 403), ("stranger", 404, 404, 404), ("root", 200, 200, 200)])
def test_who_may_do_what(cast, person, read, write, delete):
    path, who = f"/repositories/{repository(cast)['id']}", getattr(cast, person)
    assert who.get(path).status_code == read
    assert who.get(f"{path}/commits").status_code == who.get(f"{path}/pull-requests").status_code == read
    assert who.patch(path, {"language": "PHP"}).status_code == write
    assert who.post(f"{path}/commits", a_commit()).status_code == write
    assert who.delete(path).status_code == delete
    if delete != 200:
        cast.admin.delete(path)
    assert who.post(f"{path}/restore").status_code == delete


def test_keys_get_what_their_scopes_say_and_sites_keys_nothing(app, cast):
    path = f"/repositories/{repository(cast)['id']}"
    with factories.writing(app):
        site = factories.site(cast.organization)
    assert cast.key("read").get(path).status_code == 200
    assert cast.key("read").post(f"{path}/commits", a_commit()).status_code == 403
    assert cast.key("ingest").post(f"{path}/commits", a_commit()).status_code == 200
    assert cast.key("ingest").get(path).status_code == 403
    assert cast.key("ingest", site=site).post(f"{path}/commits", a_commit()).status_code == 404
    assert cast.key("read", site=site).get("/repositories").json["meta"]["total"] == 0


def test_lists_are_filtered_sorted_and_exported(cast):
    team = cast.admin.post("/teams", {"name": "Web team", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    repository(cast, "beta", language="PHP", team_id=team)
    repository(cast, "Alpha", language="Go")
    repository(cast, "=gamma")
    assert names(cast.viewer.get("/repositories")) == ["=gamma", "Alpha", "beta"]
    assert names(cast.viewer.get("/repositories", sort="-name")) == ["beta", "Alpha", "=gamma"]
    assert names(cast.viewer.get("/repositories", language="Go")) == names(cast.viewer.get("/repositories", q="ALPH")) == ["Alpha"]
    assert names(cast.viewer.get("/repositories", team_id=team)) == ["beta"]
    assert names(cast.viewer.get("/repositories", organization_id=str(cast.elsewhere.id))) == names(cast.stranger.get("/repositories")) == []
    assert cast.viewer.get("/repositories", sort="colour").status_code == 422
    assert "'=gamma" in cast.viewer.get("/repositories", format="csv").get_data(as_text=True)
    cast.admin.delete(f"/teams/{team}")
    assert names(cast.viewer.get("/repositories", team_id=team)) == []
    assert cast.viewer.get("/repositories", q="beta").json["data"][0]["team_id"] is None


def test_a_team_is_one_of_the_same_organization(cast):
    theirs = cast.stranger.post("/teams", {"name": "Theirs", "organization_id": str(cast.elsewhere.id)}).json["data"]["id"]
    for team in (theirs, NOBODY):
        answer = cast.admin.patch(f"/repositories/{repository(cast)['id']}", {"team_id": team})
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "team_id")


def test_a_repository_stays_in_its_organization_and_goes_with_it(cast):
    ours = repository(cast)
    path = f"/repositories/{ours['id']}"
    assert cast.root.patch(path, {"organization_id": str(cast.elsewhere.id)}).status_code == 422
    gone_before = repository(cast)
    cast.admin.delete(f"/repositories/{gone_before['id']}")
    cast.root.delete(f"/organizations/{cast.organization.id}")
    assert cast.root.get(path).status_code == 404
    assert cast.root.post(f"{path}/restore").status_code == 409
    cast.root.post(f"/organizations/{cast.organization.id}/restore")
    assert cast.root.get(path).status_code == 200
    assert cast.root.get(f"/repositories/{gone_before['id']}").status_code == 404


def test_one_does_not_come_back_to_an_address_that_was_taken_since(cast):
    first = repository(cast, url="https://github.com/acme/shop")
    cast.admin.delete(f"/repositories/{first['id']}")
    repository(cast, url="https://github.com/ACME/shop")
    assert cast.admin.post(f"/repositories/{first['id']}/restore").status_code == 409


def test_the_answer_is_kept_and_dropped_by_every_write(app, cast):
    from webapp.kit.redis import redis

    ours = repository(cast)
    path, key = f"/repositories/{ours['id']}", f"api:repo:{ours['id']}"

    def kept():
        with app.app_context():
            return redis().exists(key) == 1, redis().ttl(key)

    first = cast.viewer.get(path).json["data"]
    assert (kept()[0], 800 < kept()[1] <= 900) == (True, True)
    assert cast.viewer.get(path).json["data"] == first
    assert cast.stranger.get(path).status_code == 404
    cast.member.post(f"{path}/commits", a_commit())
    assert kept()[0] is False
    assert cast.viewer.get(path).json["data"]["commit_count"] == 1
    cast.member.patch(path, {"language": "PHP"})
    assert (kept()[0], cast.viewer.get(path).json["data"]["language"]) == (False, "PHP")
    cast.admin.delete(path)
    assert cast.viewer.get(path).status_code == 404


def test_a_stale_etag_is_refused(cast):
    path = f"/repositories/{repository(cast)['id']}"
    tag = cast.admin.get(path).headers["ETag"]
    assert cast.admin.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert cast.admin.patch(path, {"name": "New"}, headers={"If-Match": tag}).status_code == 200
    assert cast.admin.patch(path, {"name": "Newer"}, headers={"If-Match": tag}).status_code == 412


def test_a_site_is_run_from_a_repository_of_its_organization(app, cast):
    ours = repository(cast)["id"]
    theirs = repository(cast, organization=cast.elsewhere)["id"]
    with factories.writing(app):
        site = factories.site(cast.organization)
    path = f"/sites/{site.id}"
    for wrong in (theirs, NOBODY):
        answer = cast.member.patch(path, {"repository_id": wrong})
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "repository_id")
    assert cast.member.patch(path, {"repository_id": ours}).json["data"]["repository_id"] == ours
    assert cast.viewer.get("/sites", repository_id=ours).json["meta"]["total"] == 1
    cast.admin.delete(f"/repositories/{ours}")
    assert cast.viewer.get(path).json["data"]["repository_id"] is None
    assert cast.viewer.get("/sites", repository_id=ours).json["meta"]["total"] == 0
    cast.member.patch(path, {"repository_id": None, "name": "Saved meanwhile"})
    cast.admin.post(f"/repositories/{ours}/restore")
    assert cast.viewer.get(path).json["data"]["repository_id"] == ours
    assert cast.member.patch(path, {"repository_id": None}).json["data"]["repository_id"] is None


def test_a_site_never_refers_across_organizations_whatever_writes_it(app, cast):
    from uuid import UUID

    from sqlalchemy.exc import IntegrityError

    theirs = repository(cast, organization=cast.elsewhere)["id"]
    with pytest.raises(IntegrityError), factories.writing(app):
        factories.site(cast.organization, repository_id=UUID(theirs))
