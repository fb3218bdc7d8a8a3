"""What a form wrote before it was refused is not kept."""

from __future__ import annotations

from typing import Any

from tests import factories
from webapp.kit.db import rows
from webapp.kit.errors import Invalid


def test_a_refused_form_leaves_nothing_behind(app: Any, cast: Any, monkeypatch: Any) -> None:
    """The verb changes and records before it refuses, as none should; the door takes both back."""
    from webapp.accounts.actions import people

    honest = people.change_own_account

    def change_then_refuse(*given: Any) -> Any:
        honest(*given)
        raise Invalid.at("full_name", "Not this name.")

    monkeypatch.setattr(people, "change_own_account", change_then_refuse)
    answer = cast.member.browser().post("/profile", {"full_name": "Somebody Else", "email": cast.member.email})
    assert answer.status_code == 422
    assert "Not this name." in answer.get_data(as_text=True)
    with factories.writing(app):
        assert rows("SELECT full_name FROM users WHERE id = :id", id=cast.member.id)[0].full_name == ""
        assert rows("SELECT count(*) AS n FROM audit_log WHERE action = 'user.changed'")[0].n == 0
