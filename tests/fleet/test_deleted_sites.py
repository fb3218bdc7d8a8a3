"""What is known of a deleted site stays, and is there for whoever may bring the site back."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import ago
from webapp.kit.clock import stamp

LISTS = ("modules", "history", "inventory-reports", "patch-run")


@pytest.fixture
def deleted(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization, name="Town hall")
    for version, at in (("6.2.7", ago(days=3)), ("6.2.9", ago(days=1))):
        body = {"reported_at": stamp(at), "modules": [{"name": "webform", "version": version}]}
        assert cast.member.post(f"/sites/{site.id}/modules", body).status_code == 200
    assert cast.admin.delete(f"/sites/{site.id}").status_code == 200
    return site


@pytest.mark.parametrize("name", LISTS)
def test_its_history_is_there_for_admins_who_ask_for_deleted_things(cast, deleted, name):
    path = f"/sites/{deleted.id}/{name}"
    assert cast.admin.get(path).status_code == 404
    found = cast.admin.get(path, include_deleted="true")
    assert (found.status_code, found.json["meta"]["total"] > 0) == (200, True)
    assert cast.member.get(path, include_deleted="true").status_code == 403
    assert cast.stranger.get(path, include_deleted="true").status_code == 404
