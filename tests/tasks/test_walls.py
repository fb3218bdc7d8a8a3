"""The second wall around tasks: an organization's are its own, and one person's alone are seen by that person and by nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from tests import factories
from tests.tasks.test_tasks import a_task
from webapp.kit.db import ALL, NOTHING, beyond_walls, enter_scope, execute, rows, scope_of

TITLES = "SELECT title FROM tasks ORDER BY title"
COPY = "INSERT INTO tasks (id, organization_id, owner_id, title, created_at, updated_at) VALUES (gen_random_uuid(), :place, :owner, 'x', now(), now())"


@pytest.fixture
def tasks(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization)
    a_task(cast.member, title="of a site", site_id=str(site.id))
    a_task(cast.member, title="of the member")
    a_task(cast.root, title="of the superuser")


def titles():
    return [row.title for row in rows(TITLES)]


def test_each_sees_what_is_theirs(app, cast, tasks):
    ours = scope_of([cast.organization.id])
    with app.app_context():
        for scope, person, wanted in ((NOTHING, "", []), (NOTHING, cast.member.id, ["of the member"]), (ours, "", ["of a site"]),
                                      (ours, cast.member.id, ["of a site", "of the member"]), (ours, cast.admin.id, ["of a site"]),
                                      (scope_of([cast.elsewhere.id]), cast.stranger.id, []), (ALL, "", ["of a site"]),
                                      (ALL, cast.root.id, ["of a site", "of the superuser"]),
                                      (ALL, "all", ["of a site", "of the member", "of the superuser"])):
            enter_scope(scope, person)
            assert titles() == wanted, (scope, person)


def test_to_look_beyond_the_walls_of_organizations_shows_nobody_elses_own(app, cast, tasks):
    with app.app_context():
        enter_scope(NOTHING, cast.member.id)
        with beyond_walls():
            assert titles() == ["of a site", "of the member"]
        assert titles() == ["of the member"]


def test_whoever_enters_a_scope_without_a_name_is_nobody(app, cast, tasks):
    with app.app_context():
        enter_scope(ALL, cast.member.id)
        enter_scope(ALL)
        assert titles() == ["of a site"]


def test_nobody_changes_or_adds_what_is_anothers_alone(app, cast, tasks):
    with app.app_context():
        enter_scope(ALL, cast.root.id)
        assert execute("UPDATE tasks SET title = 'x' WHERE owner_id = :owner", owner=cast.member.id) == 0
        assert execute("DELETE FROM tasks WHERE owner_id = :owner", owner=cast.member.id) == 0
        with pytest.raises(DBAPIError, match="row-level security"):
            execute(COPY, place=None, owner=cast.member.id)


def test_a_task_is_somebodys_and_only_once(app, cast):
    with app.app_context():
        enter_scope(ALL, cast.member.id)
        with pytest.raises(DBAPIError, match="ck_tasks_whose"):
            execute(COPY, place=cast.organization.id, owner=cast.member.id)
