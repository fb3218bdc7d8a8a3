"""Tasks where other rooms show them: in the search and in the graph, to those alone who see them."""

from __future__ import annotations

import pytest

from tests import factories
from tests.tasks.test_tasks import a_task, today


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall")


def found(person, text):
    return [row["title"] for row in person.get("/search", q=text).json["data"] if row["kind"] == "task"]


def test_tasks_are_found_by_those_who_see_them(cast, site):
    a_task(cast.member, title="Renew the certificate", site_id=str(site.id))
    a_task(cast.member, title="Renew my passport")
    assert set(found(cast.member, "renew")) == {"Renew the certificate", "Renew my passport"}
    assert found(cast.viewer, "renew") == ["Renew the certificate"]
    assert found(cast.root, "passport") == []
    assert found(cast.stranger, "renew") == []


def graph(person, query):
    answer = person.post("/graphql", {"query": query})
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json, answer.json
    return answer.json["data"]


def test_the_graph_has_the_same_tasks(cast, site):
    a_task(cast.member, title="Renew", site_id=str(site.id), due_date=today(-1), priority="high")
    a_task(cast.member, title="Own")
    asked = "{ tasks(overdue: true) { total nodes { title dueDate priority overdue site { name organization { name } } } } }"
    assert graph(cast.viewer, asked)["tasks"] == {"total": 1, "nodes": [
        {"title": "Renew", "dueDate": today(-1), "priority": "high", "overdue": True, "site": {"name": "Town hall", "organization": {"name": "Meridian"}}}]}
    assert graph(cast.member, "{ tasks { nodes { title site { name } } } }")["tasks"]["nodes"][1] == {"title": "Own", "site": None}
    assert graph(cast.stranger, "{ tasks { total } }") == {"tasks": {"total": 0}}
