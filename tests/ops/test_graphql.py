"""The graph: the same as the REST API says, within what the caller may see, read-only, and never more than it is worth."""

from __future__ import annotations

import pytest

from tests import factories
from tests.house.test_query_counts import counted

WORST = "{ sites { total nodes { id name status organization { name } installations(first: 5) { name version } } } }"


def ask(who, query, **variables):
    return who.post("/graphql", {"query": query, "variables": variables})


def fleet(app, cast, number):
    with factories.writing(app):
        sites = [factories.site(cast.organization) for _ in range(number)]
        for site in sites:
            factories.reported(site, {"webform": factories.module("webform", "6.2.7", latest="6.2.9", security=True), "token": "1.2.0"})
    return sites


def codes(answer):
    return [each["extensions"]["code"] for each in answer.json["errors"]]


def test_sites_are_those_of_the_list_with_what_is_on_them(app, cast):
    fleet(app, cast, 3)
    told = ask(cast.viewer, WORST).json["data"]["sites"]
    listed = cast.viewer.get("/sites").json
    assert told["total"] == listed["meta"]["total"] == 3
    assert [each["id"] for each in told["nodes"]] == [each["id"] for each in listed["data"]]
    assert told["nodes"][0]["organization"] == {"name": "Meridian"}
    assert [each["name"] for each in told["nodes"][0]["installations"]] == ["webform", "token"]


def test_a_stranger_finds_nothing_and_nobody_gets_in(app, cast, client):
    site = fleet(app, cast, 1)[0]
    assert ask(cast.stranger, WORST).json["data"]["sites"] == {"total": 0, "nodes": []}
    one = "query($id: UUID!) { site(id: $id) { name } installations(siteId: $id) { total } }"
    assert ask(cast.stranger, one, id=str(site.id)).json == {"data": {"site": None, "installations": None}}
    assert ask(cast.viewer, one, id=str(site.id)).json["data"]["site"] == {"name": site.name}
    assert ask(client, WORST).status_code == 401
    assert ask(client, "{ sits }").status_code == 401  # not even a word on what there might be
    assert ask(cast.key("ingest", site=site), WORST).status_code == 403


def test_a_key_asks_within_its_organization(app, cast):
    fleet(app, cast, 2)
    with factories.writing(app):
        factories.site(cast.elsewhere)
    assert ask(cast.key("read"), "{ sites { total } organizations { total } }").json["data"] == {
        "sites": {"total": 2}, "organizations": {"total": 1}}


def test_statements_do_not_grow_with_the_rows(app, cast):
    query = "{ sites(first: 200) { nodes { name organization { name } installations(first: 3) { name } } } " \
            "patchRuns { nodes { site { name organization { name } } updates { module } } } }"
    few = _cost(app, cast, query, 10)
    assert few == _cost(app, cast, query, 90)


def _cost(app, cast, query, more):
    fleet(app, cast, more)
    ask(cast.viewer, query)
    return counted(app, lambda: ask(cast.viewer, query))


def test_lists_go_on_after_a_cursor_and_have_an_end(app, cast):
    fleet(app, cast, 5)
    query = "query($after: String) { sites(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"
    seen, after = [], None
    while True:
        part = ask(cast.viewer, query, after=after).json["data"]["sites"]
        seen += [each["id"] for each in part["nodes"]]
        after = part["pageInfo"]["endCursor"]
        if not part["pageInfo"]["hasNextPage"]:
            break
    assert after is None
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize(("query", "code"), [
    ("mutation { deleteSite(id: 1) { id } }", "read_only"),
    ("subscription { sites { total } }", "read_only"),
    ("{", "malformed_query"),
    ("{ weather }", "invalid_query"),
    ("fragment a on Query { ...b } fragment b on Query { ...a } { ...a }", "invalid_query"),
    ("{ sites(first: 200) { nodes { installations(first: 200) { name } } } }", "query_too_costly"),
    ("{ " + " ".join(f"a{n}: sites(first: 200) {{ nodes {{ id name url status }} }}" for n in range(30)) + " }", "query_too_costly"),
    ("fragment f on Site { id name url status } { " + " ".join(
        f"a{n}: sites(first: 200) {{ nodes {{ ...f }} }}" for n in range(30)) + " }", "query_too_costly"),
    ("{ __type(name: \"Site\") { fields { type " + "{ ofType " * 20 + "{ name }" + " }" * 20 + " } } }", "query_too_deep"),
    ("{ " + "a: __typename " * 2000 + "}"[:1], None),
])
def test_what_cannot_be_asked_is_refused_before_anything_is_looked_up(cast, query, code):
    answer = ask(cast.member, query[:10_000])
    assert answer.status_code == 400
    assert codes(answer) == ([code] if code else ["malformed_query"])


def test_a_length_given_by_a_variable_counts_too(app, cast):
    query = "query($n: Int!) { sites(first: $n) { nodes { installations(first: $n) { name } } } }"
    assert codes(ask(cast.member, query, n=200)) == ["query_too_costly"]
    assert ask(cast.member, query, n=5).status_code == 200


@pytest.mark.parametrize(("given", "field"), [("first: 201", "first"), ("first: 0", "first"), ('after: "x"', "after"),
                                              ('status: ["fine"]', "status"), ('sort: "colour"', "sort")])
def test_values_are_refused_as_in_the_list(cast, given, field):
    told = ask(cast.member, f"{{ sites({given}) {{ total }} }}").json["errors"][0]["extensions"]
    assert told["code"] == "validation_error"
    assert [each["field"] for each in told["details"]] == [field]


def test_the_body_is_an_object_of_json_and_get_is_not_taken(cast):
    assert cast.member.get("/graphql", query="{ sites { total } }").status_code == 405
    assert cast.member.post("/graphql", ["{ sites { total } }"]).status_code == 422
    assert cast.member.post("/graphql", {"query": "x" * 10_001}).status_code == 422
    assert cast.member.post("/graphql", {"query": "{ sites { total } }", "colour": 1}).status_code == 422
    form = cast.member.send("POST", "/graphql", data="query={sites{total}}", content_type="application/x-www-form-urlencoded")
    assert form.status_code == 415


def test_a_failure_of_ours_says_nothing_of_our_insides(cast, monkeypatch):
    from webapp.ops.api.graph import schema

    def broken(*_):
        raise RuntimeError("password of the database")

    monkeypatch.setattr(schema.fleet, "get_site", broken)
    answer = ask(cast.member, "query($id: UUID!) { site(id: $id) { name } }", id=str(cast.organization.id))
    assert codes(answer) == ["internal_error"]
    assert "password" not in answer.get_data(as_text=True)


def test_a_query_that_takes_too_long_is_told_so(cast, monkeypatch):
    from webapp.ops.api.graph import asking

    monkeypatch.setattr(asking, "SECONDS", -1.0)
    monkeypatch.setattr(asking, "limit_statements", lambda seconds: None)
    assert codes(ask(cast.member, "{ sites { total } }")) == ["query_too_slow"]


def test_who_is_signed_in_may_ask_what_there_is(cast):
    from graphql import get_introspection_query

    answer = ask(cast.viewer, get_introspection_query())
    assert answer.status_code == 200
    assert {"Site", "Organization", "PatchRun"} <= {each["name"] for each in answer.json["data"]["__schema"]["types"]}
    assert answer.json["data"]["__schema"]["mutationType"] is None
