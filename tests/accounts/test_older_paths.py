"""The older paths of users answer as before, and say that they are old and what follows them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

import pytest

from tests import factories
from webapp.kit.web.deprecation import Deprecation


def told(answer):
    return answer.headers["Deprecation"], parsedate_to_datetime(answer.headers["Sunset"]), answer.headers["Link"]


def test_older_paths_do_what_the_new_ones_do_and_name_them(cast):
    body = {"email": "old@example.com", "password": factories.PASSWORD}
    made = cast.root.post("/users/add", body)
    assert made.status_code == 201
    user_id = made.json["data"]["id"]
    assert made.headers["Location"] == f"/api/v1/users/{user_id}"
    changed = cast.root.put(f"/users/update/{user_id}", {"full_name": "Old"})
    assert changed.json["data"]["full_name"] == "Old"
    deleted = cast.root.delete(f"/users/delete/{user_id}")
    assert deleted.json["data"]["is_active"] is False
    moment, sunset = f"@{int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())}", datetime(2027, 5, 22, tzinfo=UTC)
    assert told(made) == (moment, sunset, '</api/v1/users>; rel="successor-version"')
    one = f'</api/v1/users/{user_id}>; rel="successor-version"'
    assert told(changed) == told(deleted) == (moment, sunset, one)


def test_a_repeat_with_the_same_key_says_so_too(cast):
    body = {"email": "again@example.com", "password": factories.PASSWORD}
    answers = [cast.root.post("/users/add", body, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert told(answers[0]) == told(answers[1])


def test_they_ask_for_the_same_permission(cast):
    assert cast.member.post("/users/add", {"email": "x@example.com", "password": factories.PASSWORD}).status_code == 403
    assert cast.admin.put(f"/users/update/{cast.stranger.id}", {"full_name": "x"}).status_code == 404
    assert cast.admin.delete(f"/users/delete/{cast.member.id}").status_code == 403


def test_the_new_paths_say_nothing(cast):
    assert "Deprecation" not in cast.root.get(f"/users/{cast.member.id}").headers


def test_the_document_marks_them(cast):
    paths = cast.root.get("/openapi.json").json["paths"]
    assert paths["/api/v1/users/add"]["post"]["deprecated"] is True
    assert paths["/api/v1/users/update/{user_id}"]["put"]["deprecated"] is True
    assert "deprecated" not in paths["/api/v1/users"]["post"]


@pytest.mark.parametrize(("since", "until"), [(date(2026, 1, 15), date(2026, 7, 15)), (date(2026, 8, 31), date(2027, 2, 28)),
                                              (date(2026, 6, 1), date(2026, 12, 1)), (date(2026, 7, 1), date(2027, 1, 1))])
def test_a_path_stays_for_six_months(since, until):
    assert Deprecation(since, "/x").until == until
