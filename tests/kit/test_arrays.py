"""A list that is sent to PostgreSQL comes back as it was, whatever is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.kit.db import ALL, db, enter_scope, rows

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
KINDS: dict[str, Any] = {
    "text": TEXT, "bigint": st.integers(-2**63, 2**63 - 1), "uuid": st.uuids(), "boolean": st.booleans(), "bytea": st.binary(),
    "double precision": st.floats(allow_nan=False),
    "timestamptz": st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 30), timezones=st.just(UTC))}


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_comes_back_as_it_was(app: Any, kind: str) -> None:
    @settings(max_examples=60)
    @given(st.lists(st.none() | KINDS[kind], max_size=20))
    def comes_back(values: list[Any]) -> None:
        found = rows(f"SELECT x FROM unnest(CAST(:values AS {kind}[])) WITH ORDINALITY AS u (x, n) ORDER BY n", values=values)
        assert [bytes(row.x) if isinstance(row.x, memoryview) else row.x for row in found] == values

    with app.app_context():
        enter_scope(ALL)
        comes_back()


HOSTILE = ["'); DROP TABLE sites; --", '"}', "{a,b}", "\\", "\\'", "NULL", "null", "", " ", "a,b", "\n", "%s", ":name", "'"]


def test_words_of_sql_and_of_arrays_are_only_text(app: Any) -> None:
    with app.app_context():
        assert rows("SELECT CAST(:values AS text[]) AS x", values=HOSTILE)[0].x == HOSTILE


def test_a_list_finds_its_type_from_what_it_is_compared_with(app: Any) -> None:
    one, other = uuid4(), uuid4()
    with app.app_context():
        found = rows("SELECT x FROM (VALUES (CAST(:one AS uuid)), (CAST(:other AS uuid))) AS v (x) WHERE x = ANY(:ids)",
                     one=one, other=other, ids=[one])
    assert [row.x for row in found] == [one]


def test_what_it_does_not_know_is_left_to_the_driver(app: Any) -> None:
    with app.app_context():
        assert rows("SELECT CAST(:values AS integer[]) AS x", values=[[1, 2], [3, 4]])[0].x == [[1, 2], [3, 4]]
        spans = rows("SELECT :values AS x", values=[timedelta(days=1), timedelta(hours=3)])[0].x
    assert spans == [timedelta(days=1), timedelta(hours=3)]


def test_a_list_of_enum_members_is_one_of_their_words(app: Any) -> None:
    from webapp.exposure.values import State

    with app.app_context():
        assert rows("SELECT CAST(:values AS text[]) AS x", values=[State.OPEN, State.FIXED])[0].x == ["open", "fixed"]


def test_the_orm_sends_lists_too(app: Any) -> None:
    from sqlalchemy import ARRAY, Text, Uuid, cast, literal, select

    key = UUID(int=7)
    with app.app_context():
        assert db.session.scalar(select(cast(literal(["a", 'b"'], ARRAY(Text)), ARRAY(Text)))) == ["a", 'b"']
        assert db.session.scalar(select(literal([key], ARRAY(Uuid())))) == [key]
