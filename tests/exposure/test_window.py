"""The Wednesday view: when the window is, what is not ready, and what core's version blocks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests import factories
from tests.exposure.conftest import ago
from webapp.exposure.queries.window import next_window


@pytest.mark.parametrize(("at", "opens", "is_open"), [
    (datetime(2026, 11, 22, 4, tzinfo=UTC), datetime(2026, 11, 25, 16, tzinfo=UTC), False),
    (datetime(2026, 11, 25, 15, 59, tzinfo=UTC), datetime(2026, 11, 25, 16, tzinfo=UTC), False),
    (datetime(2026, 11, 25, 21, 59, tzinfo=UTC), datetime(2026, 11, 25, 16, tzinfo=UTC), True),
    (datetime(2026, 11, 25, 22, 0, tzinfo=UTC), datetime(2026, 12, 2, 16, tzinfo=UTC), False)])
def test_the_window_is_on_wednesdays_from_16_to_22_utc(at: datetime, opens: datetime, is_open: bool) -> None:
    assert (next_window(at).opens_at, next_window(at).is_open(at)) == (opens, is_open)


def test_silent_ownerless_and_unheard_sites_are_named_with_their_lists(app: Any, cast: Any) -> None:
    with factories.writing(app):
        factories.site(cast.organization, name="Never heard")
        silent = factories.site(cast.organization, name="Silent", owner_id=cast.admin.id)
        factories.reported(silent, {"webform": factories.module("webform", "6.2.9", judged=True)}, ago(days=9))
    page = cast.viewer.browser().get("/wednesday").get_data(as_text=True)
    for href, number in (("/sites?status=silent", 1), ("/sites?status=unknown", 1), ("/sites?owned=false", 1)):
        assert f'href="{href}"' in page
        query = dict(part.split("=") for part in href.partition("?")[2].split("&"))
        assert cast.viewer.get("/sites", **query).json["meta"]["total"] == number, href
    assert "None known" in page
    stranger = cast.stranger.browser().get("/wednesday").get_data(as_text=True)
    assert 'href="/sites?status=silent"' not in stranger
