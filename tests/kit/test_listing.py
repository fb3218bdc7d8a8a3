"""A list as it is asked for: how many, in which order, by pages and by cursor, a column alone, and in portions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from webapp.accounts.models import SignIn, User
from webapp.kit import listing
from webapp.kit.db import ALL, db, enter_scope
from webapp.kit.errors import Invalid
from webapp.kit.ids import new_id
from webapp.kit.listing import Listing, Place

START = factories.ago(days=1)
MINUTES = {"a": 1, "b": 2, "c": 2, "d": 3, "e": 4}
"""When each sign-in was opened; b and c at one time, so that their ids decide."""
ASKED = {"limit": 2, "skip": 0, "sort": [], "by_page": True, "cursor": None}


@pytest.fixture
def rows(app):
    """Five sign-ins, by name in `ip`, and a transaction that sees them; only b and d say what program they came with."""
    with factories.writing(app):
        somebody = factories.user()
        for name, minutes in MINUTES.items():
            db.session.add(SignIn(id=new_id(), user_id=somebody.id, kind="token", ip=name, created_at=START + timedelta(minutes=minutes),
                                  last_seen_at=START, user_agent={"b": "x", "d": "y"}.get(name)))
            db.session.flush()
    with app.app_context():
        enter_scope(ALL)
        yield
        db.session.rollback()


def a_list(**fields):
    values = {"sorts": {"at": SignIn.created_at, "name": SignIn.ip, "program": SignIn.user_agent}, "default_sort": "-at", "tie": SignIn.id,
              "cursor": (SignIn.created_at, SignIn.id), **fields}
    return Listing(select(SignIn), **values)


def names(found):
    return "".join(row.ip for row in found)


def page(wanted=None, **asked):
    return (wanted or a_list()).page({**ASKED, **asked})


def test_all_are_counted_whatever_their_order(rows):
    assert a_list().count() == 5
    assert Listing(select(SignIn).where(SignIn.ip == "z"), {}, "", SignIn.id).count() == 0
    assert Listing(select(SignIn).order_by(SignIn.ip), {}, "", SignIn.id).count() == 5


@pytest.mark.parametrize(("sort", "order"), [
    ([], "edcba"), (["-at"], "edcba"), (["at"], "abcde"), (["name"], "abcde"), (["-name"], "edcba"), (["program"], "bdace"), (["-program"], "dbace"),
    (["at", "-name"], "acbde"), (["-at", "name"], "edbca"), (["program", "-name"], "bdeca")])
def test_the_order_is_what_the_keys_say_and_empty_ones_are_last(rows, sort, order):
    assert names(a_list().all(sort)) == order


def test_without_a_cursor_equal_rows_lie_by_the_tie(rows):
    assert names(a_list(cursor=None).all()) == "edbca"
    assert names(a_list(cursor=None, tie=SignIn.id.desc()).all()) == "edcba"
    assert names(a_list(default_sort="program,-name").all()) == "bdeca"


def test_of_rows_of_the_cursor_s_order_times_alone_do_not_decide(rows):
    assert "ORDER BY sign_ins.created_at DESC, sign_ins.id DESC" in str(a_list().ordered())
    assert "NULLS LAST" not in str(a_list().ordered(["at"]))


def test_a_column_alone_is_what_others_ask_within(rows):
    assert list(a_list().only("ip").columns.keys()) == ["ip"]
    assert sorted(db.session.scalars(select(a_list().only("ip").c.ip))) == list("abcde")
    assert list(a_list().only().columns.keys()) == ["one"]
    assert set(db.session.scalars(select(a_list().only().c.one))) == {1}


def test_columns_of_a_join_keep_the_join(rows):
    joined = Listing(select(SignIn, User.email).join(User, User.id == SignIn.user_id).where(SignIn.ip == "a"), {}, "", SignIn.id)
    assert db.session.scalar(select(func.count()).select_from(joined.only("email"))) == 1


def test_a_page_says_where_it_lies(rows):
    first, last, beyond = page(), page(skip=4), page(skip=6, by_page=False)
    assert (names(first.rows), first.total, first.size, first.first, first.sort, first.by_page) == ("ed", 5, 2, 0, ["-at"], True)
    assert (names(last.rows), last.number, last.pages) == ("a", 3, 3)
    assert (beyond.rows, beyond.total, beyond.by_page, beyond.next_place) == ([], 5, False, None)
    assert (first.takes_cursor, first.at_cursor, page(a_list(cursor=None)).takes_cursor) == (True, False, False)
    assert page(sort=["name", "-at"]).sort == ["name", "-at"]
    assert page(a_list(default_sort="program,-name")).sort == ["program", "-name"]


def test_a_page_beyond_the_end_asks_for_no_rows(rows, monkeypatch):
    monkeypatch.setattr(Listing, "fetch", lambda *_: pytest.fail("asked"))
    assert page(skip=5).rows == []


def test_a_page_in_the_cursor_s_order_says_where_the_next_begins(rows):
    first = page()
    assert first.next_place == Place(first.rows[-1].created_at, first.rows[-1].id)
    assert page(sort=["at"], skip=2).next_place is not None
    assert page(skip=3).next_place is page(skip=4).next_place is None
    assert page(sort=["name"]).next_place is page(sort=["-at", "name"]).next_place is page(a_list(cursor=None)).next_place is None


@pytest.mark.parametrize(("sort", "order"), [([], "edcba"), (["-at"], "edcba"), (["at"], "abcde")])
@pytest.mark.parametrize("size", [1, 2, 4, 5, 6])
def test_cursors_lead_through_all_and_then_end(rows, sort, order, size):
    met, place, parts = [], "", 0
    while place is not None:
        parts += 1
        part = page(sort=sort, cursor=place, limit=size)
        assert len(part.rows) <= size
        assert (part.total, part.size, part.first, part.takes_cursor, part.at_cursor, part.by_page) == (5, size, 0, True, True, True)
        assert part.sort == (sort or ["-at"])
        met += part.rows
        place = part.next_place
    assert names(met) == order
    assert parts == -(-5 // size), "a last page that is full is the last"


def test_how_pages_are_named_goes_on_with_the_cursor(rows):
    assert page(cursor="", by_page=False).by_page is False


@pytest.mark.parametrize("sort", [["name"], ["-at", "name"], ["-name"]])
def test_a_cursor_in_another_order_is_told_which_ones_there_are(rows, sort):
    with pytest.raises(Invalid) as caught:
        page(a_list(sorts={"at": SignIn.created_at, "name": SignIn.ip, "opened": SignIn.created_at}), cursor="", sort=sort)
    assert [(each["field"], each["message"]) for each in caught.value.details] == [
        ("sort", "A cursor goes in one order. Allowed with cursor: -at, at, -opened, opened.")]


def test_rows_are_shaped_one_by_one_and_prepared_together(rows, monkeypatch):
    seen = []

    def prepare(found):
        seen.append(len(found))
        return [each.upper() for each in found]

    wanted = a_list(shape=lambda row: row[0].ip, prepare=prepare)
    assert wanted.all(["at"]) == list("ABCDE")
    assert seen == [5]
    monkeypatch.setattr(listing, "STREAM", 2)
    assert list(wanted.stream(["at"])) == list("ABCDE")
    assert seen == [5, 2, 2, 1]
    assert names(a_list().stream()) == "edcba"


def test_a_place_is_read_as_it_is_written_down():
    place = Place(START, new_id())
    assert Place.read([place.at.isoformat(), str(place.key)]) == place
    with pytest.raises(ValueError, match="badly formed"):
        Place.read([place.at.isoformat(), "x"])


@pytest.mark.parametrize(("total", "size", "first", "number", "pages"), [(0, 5, 0, 1, 0), (5, 5, 0, 1, 1), (6, 5, 5, 2, 2), (10, 5, 4, 1, 2), (11, 5, 10, 3, 3)])
def test_pages_are_counted_from_one_and_the_last_may_be_short(total, size, first, number, pages):
    made = listing.Page([], total, size, first)
    assert (made.number, made.pages, made.sort, made.by_page) == (number, pages, [], True)


def test_rows_that_vanish_between_counting_and_fetching_leave_no_place_to_go_on_from(rows, monkeypatch):
    listed = a_list(cursor=(SignIn.created_at, SignIn.id))
    listed.statement = listed.statement.where(SignIn.ip == "gone")
    monkeypatch.setattr(Listing, "count", lambda self: 5)
    page = listed.page(ASKED)
    assert (page.rows, page.total, page.next_place) == ([], 5, None)
