"""Idempotency-Key: any mix of repeats, bodies and breakdowns leaves one effect; many at once get one thing and one answer."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories
from webapp.kit.clock import now
from webapp.kit.db import execute
from webapp.kit.web import doors


def at_once(number, send):
    """The answers of so many callers who all send at the same time."""
    ready, answers = threading.Barrier(number), []

    def run():
        ready.wait()
        answers.append(send())

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_fifty_at_once_with_one_key_make_one_thing(cast):
    answers = at_once(50, lambda: cast.root.post("/organizations", {"name": "Once"}, headers={"Idempotency-Key": "k"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 49
    assert len({(answer.headers["Location"], answer.headers["ETag"]) for answer in answers}) == 1
    assert cast.root.get("/organizations", name="Once").json["meta"]["total"] == 1


def test_fifty_at_once_without_key_make_one_thing_and_forty_nine_conflicts(cast):
    answers = [answer.status_code for answer in at_once(50, lambda: cast.root.post("/organizations", {"name": "Alone"}))]
    assert (answers.count(201), answers.count(409)) == (1, 49)


def test_keys_are_each_callers_own(cast):
    key = {"Idempotency-Key": "mine"}
    body = {"organization_id": str(cast.organization.id), "url": "https://a.example"}
    first = cast.admin.post("/sites", {**body, "name": "A"}, headers=key)
    other = cast.member.post("/sites", {**body, "name": "B", "url": "https://b.example"}, headers=key)
    assert (first.status_code, other.status_code, other.json["data"]["name"]) == (201, 201, "B")


def test_the_address_is_part_of_what_was_asked(cast):
    key = {"Idempotency-Key": "same"}
    cast.root.post("/organizations", {"name": "One"}, headers=key)
    refused = cast.root.post("/organizations?x=1", {"name": "One"}, headers=key)
    assert (refused.status_code, refused.json["error"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_keys_that_cannot_be_meant(cast, key):
    assert cast.root.post("/organizations", {"name": "Never"}, headers={"Idempotency-Key": key}).status_code == 400


def test_after_a_day_a_key_is_free(app, cast):
    key = {"Idempotency-Key": "daily"}
    first = cast.root.post("/organizations", {"name": "Monday"}, headers=key)
    with factories.writing(app):
        execute("UPDATE idempotency_keys SET created_at = :before", before=now() - timedelta(hours=24, minutes=1))
    second = cast.root.post("/organizations", {"name": "Tuesday"}, headers=key)
    assert (first.json["data"]["name"], second.json["data"]["name"]) == ("Monday", "Tuesday")


STEPS = st.lists(st.tuples(st.sampled_from(["same", "other", "wrong", "breaks"]), st.sampled_from(["k1", "k2"])), min_size=1, max_size=10)


@settings(max_examples=25)
@given(steps=STEPS)
def test_any_mix_of_repeats_bodies_and_breakdowns_has_one_effect_a_key(app, cast, steps):
    """`breaks`: the request dies after its effect was written and before the commit."""
    number, made = next(factories.count), {}
    made_with = {}
    whole = doors._answer

    def breaking(*given):
        raise RuntimeError("power cut")

    for kind, key in steps:
        name = "" if kind == "wrong" else f"{'Other' if kind == 'other' else 'Same'} {key} {number}"
        doors._answer = breaking if kind == "breaks" else whole
        try:
            answer = cast.root.post("/organizations", {"name": name}, headers={"Idempotency-Key": f"{key} {number}"})
        finally:
            doors._answer = whole
        if key in made:
            assert answer.status_code == (201 if made_with[key] == name else 422)
            assert answer.status_code == 422 or answer.json["data"]["id"] == made[key]
        elif kind in ("same", "other") and answer.status_code == 201:
            made[key], made_with[key] = answer.json["data"]["id"], name
        else:
            assert answer.status_code == {"wrong": 422, "breaks": 500}[kind]
    found = cast.root.get("/organizations", q=f" {number}", per_page=200).json["data"]
    assert sorted(row["id"] for row in found if row["name"].endswith(f" {number}")) == sorted(made.values())
