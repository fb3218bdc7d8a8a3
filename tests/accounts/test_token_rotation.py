"""Rotation of refresh tokens, in any order of anything: one live token a sign-in at most, and a token used twice ends its family."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests import factories
from webapp.accounts.actions import passwords, proving, signing
from webapp.accounts.models import SignIn, User
from webapp.accounts.values import new_password
from webapp.kit.clock import now
from webapp.kit.db import ALL, commit, db, enter_scope
from webapp.kit.permissions import Actor

Token = tuple[Any, Any]
"""A sign-in and the id of a refresh token of it: what the token's claims say."""


class Rotation(RuleBasedStateMachine):
    """The application beside a model of it: for each sign-in the token that is good, or none."""

    app: ClassVar[Any]
    tokens: Bundle = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.context = self.app.app_context()
        self.context.push()
        enter_scope(ALL)
        self.password = factories.PASSWORD
        self.user_id = factories.user().id
        commit()
        self.good: dict[Any, Any] = {}
        self.ended: set[Any] = set()

    def teardown(self) -> None:
        db.session.remove()
        self.context.pop()

    @property
    def user(self) -> User:
        return db.session.get_one(User, self.user_id)

    def actor(self, sign_in_id: Any = None) -> Actor:
        return Actor(kind="user", id=self.user_id, label="x", sign_in_id=sign_in_id)

    def end(self, sign_in_id: Any) -> None:
        self.good.pop(sign_in_id, None)
        self.ended.add(sign_in_id)

    @rule(target=tokens)
    def sign_in(self) -> Token:
        opened = signing.open_sign_in(self.actor(), self.user, "token", now())
        commit()
        self.good[opened.id] = opened.refresh_id
        return opened.id, opened.refresh_id

    @rule(target=tokens, token=tokens)
    def refresh(self, token: Token) -> Token:
        sign_in_id, refresh_id = token
        fresh = signing.renew(self.actor(), sign_in_id, refresh_id, now())
        commit()
        if self.good.get(sign_in_id) == refresh_id:
            assert fresh is not None
            self.good[sign_in_id] = fresh
            return sign_in_id, fresh
        assert fresh is None, "an old token, or one of an ended family, gives nothing"
        self.end(sign_in_id)
        return token

    @rule(token=tokens)
    def log_out(self, token: Token) -> None:
        signing.sign_out(self.actor(token[0]), now())
        commit()
        self.end(token[0])

    @rule(token=tokens, by_reset=st.booleans())
    def change_password(self, token: Token, by_reset: bool) -> None:
        fresh, kept = new_password(), None if by_reset else token[0]
        if by_reset:
            issued = passwords.issue_reset(Actor(), self.user.email, "server", now())
            assert issued is not None
            passwords.reset_password(Actor(), issued[1], fresh, "server", now())
        else:
            passwords.change_password(self.actor(kept), self.user, self.password, fresh, now())
        commit()
        self.password = fresh
        for sign_in_id in set(self.good) - {kept}:
            self.end(sign_in_id)

    @rule(token=tokens)
    def end_others(self, token: Token) -> None:
        signing.sign_out_elsewhere(self.actor(token[0]), now())
        commit()
        for sign_in_id in set(self.good) - {token[0]}:
            self.end(sign_in_id)

    @invariant()
    def what_lives_is_what_the_model_says(self) -> None:
        db.session.expire_all()
        live = {each.id: each.refresh_id for each in db.session.query(SignIn).where(
            SignIn.user_id == self.user_id, SignIn.ended_at.is_(None))}
        assert live == self.good
        assert not self.ended & set(live)


@pytest.mark.slow
def test_whatever_the_order_one_family_lives_a_sign_in_at_most(app, monkeypatch):
    monkeypatch.setattr(proving, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))  # hundreds of hashes
    Rotation.app = app
    limits = settings(max_examples=25, stateful_step_count=20, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Rotation, settings=limits)
