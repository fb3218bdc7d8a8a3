"""Every body and every answer of the OpenAPI document has an example, and it is one that the schema and the server take."""

from __future__ import annotations

import pytest

from tests.house.agreement import JSON_KINDS, Agreement
from webapp.kit.web.openapi import operations_of

BODIES = (*JSON_KINDS, "application/x-www-form-urlencoded")


@pytest.fixture(scope="module")
def agreement(app):
    return Agreement(app)


def media_of(agreement):
    """Where, and what is said there, of each body and answer in JSON; shared errors once."""
    for path, operations in agreement.document["paths"].items():
        for method, operation in operations.items():
            parts = [("body", operation.get("requestBody", {}))]
            parts += [(status, each) for status, each in operation["responses"].items() if "$ref" not in each]
            for part, told in parts:
                for kind in set(told.get("content", {})) & set(BODIES):
                    if "schema" not in told["content"][kind]:  # a file that happens to be JSON
                        continue
                    yield f"{method.upper()} {path} {part} {kind}", told["content"][kind]
    for name, told in agreement.document["components"]["responses"].items():
        for kind, media in told["content"].items():
            yield f"{name} {kind}", media


def examples_of(media):
    return [media["example"]] if "example" in media else [each["value"] for each in media.get("examples", {}).values()]


def test_every_body_and_answer_has_an_example(agreement):
    assert [where for where, media in media_of(agreement) if not examples_of(media)] == []


def test_examples_are_what_their_schemas_say(agreement):
    wrong = {where: agreement.against(media["schema"], example)
             for where, media in media_of(agreement) for example in examples_of(media)}
    assert {where: complaints for where, complaints in wrong.items() if complaints} == {}


def test_examples_of_bodies_are_taken_by_the_schemas_that_read_them(app, agreement):
    """What else a body must be (a time zone of the IANA database, one of two fields) is said by the schema's own checks."""
    checked = 0
    for path, method, _, view in operations_of(app):
        if view.door.takes is None:
            continue
        if view.door.takes_file:
            continue  # a form with a file has no example in JSON: tests/house/recipes.py
        body = agreement.document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
        for example in examples_of(body):
            schema = view.door.takes(partial=view.door.partial and method in ("PUT", "PATCH"))
            with app.app_context():  # what may be said can be a setting
                assert schema.validate(example) == {}, f"{method} {path}: put a right example into webapp/examples.py"
            checked += 1
    assert checked > 20


def test_an_example_says_where_it_is(agreement):
    answer = agreement.document["paths"]["/api/v1/sites/{site_id}"]["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert answer["links"]["self"] == f"/api/v1/sites/{answer['data']['id']}"
