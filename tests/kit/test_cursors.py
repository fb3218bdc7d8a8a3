"""A cursor as a word: it is read where it was made, and nowhere else; what does not go into its seal may change."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask

from webapp.kit.errors import Invalid
from webapp.kit.listing import Place
from webapp.kit.web.cursors import SEAL, read_cursor, write_cursor

PLACE = Place(datetime(2026, 11, 20, 12, 30, 1, 5, UTC), UUID("01948a5e-0000-7000-8000-0000000000ff"))
HOME = "/api/v1/patch-runs?site_id=a&site_id=b"
ORDER = ["-started_at"]


def server(key="k" * 40):
    app = Flask("cursors")
    app.config["SECRET_KEY"] = key
    return app


def written(path=HOME, app=None, order=ORDER):
    with (app or server()).test_request_context(path):
        word = write_cursor(PLACE, order)
    assert word is not None
    return word


def read(word, path=HOME, app=None, order=ORDER):
    with (app or server()).test_request_context(path):
        return read_cursor(word, order)


def refused(word, path=HOME, app=None, order=ORDER):
    with pytest.raises(Invalid) as caught:
        read(word, path, app, order)
    return caught.value.details


def test_a_place_is_read_as_it_was_written():
    assert read(written()) == PLACE


@pytest.mark.parametrize("second", [0, 2])
@pytest.mark.parametrize("micro", [0, 1])
def test_places_of_all_lengths_are_read_as_they_were_written(second, micro):
    with server().test_request_context(HOME):
        for number in range(100):
            place = Place(datetime(2026, 11, 20, 12, 30, second, micro * (number + 1), UTC), UUID(int=number * 7919))
            word = write_cursor(place, ORDER)
            assert "=" not in word
            assert read_cursor(word, ORDER) == place


def test_no_place_is_no_cursor():
    with server().test_request_context(HOME):
        assert write_cursor(None, ORDER) is None


def test_a_cursor_can_stand_in_an_address_as_it_is():
    assert set(written()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize("more", ["cursor=x", "page=2", "per_page=7", "skip=3", "limit=9", "format=csv"])
def test_how_much_is_shown_at_a_time_and_in_which_form_may_change(more):
    assert read(written(), f"{HOME}&{more}") == PLACE
    assert read(written(f"{HOME}&{more}")) == PLACE


def test_the_order_of_the_parameters_does_not_count():
    assert read(written(), "/api/v1/patch-runs?site_id=b&site_id=a") == PLACE


@pytest.mark.parametrize("path", [
    "/api/v1/audit-logs?site_id=a&site_id=b", "/api/v1/patch-runs?site_id=a", "/api/v1/patch-runs?site_id=a&site_id=c", f"{HOME}&status=success",
    "/api/v1/patch-runs"])
def test_it_does_not_fit_another_list_or_filter(path):
    refused(written(), path)


def test_it_fits_its_order_whether_or_not_the_address_says_it():
    assert read(written(), f"{HOME}&sort=-started_at") == PLACE
    assert read(written(f"{HOME}&sort=-started_at")) == PLACE
    refused(written(), order=["started_at"])
    refused(written(order=["started_at"]))


def test_another_server_does_not_take_it():
    refused(written(), app=server("l" * 40))


def test_whatever_is_altered_is_refused_in_the_same_words():
    word = written()
    whole = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
    altered = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:] for at in range(len(whole))]
    words = [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in (*altered, whole[SEAL:], whole[:SEAL], b"")]
    for each in (*words, "é", "a", "*" * 8, f"{word[:5]} {word[5:]}", f"{word[:5]}*{word[5:]}"):
        problems = refused(each)
        assert [(problem["field"], problem["message"]) for problem in problems] == [
            ("cursor", "This is not a cursor of this list with these filters and this order.")], each
