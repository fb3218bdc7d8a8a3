"""Secrets at rest: several keys, the one that is derived, and the command that puts all under the first."""

from __future__ import annotations

import base64
import hmac

import pytest
from cryptography.fernet import Fernet

from tests import factories
from webapp.accounts.models import SecondFactor
from webapp.kit import rotation
from webapp.kit.clock import now
from webapp.kit.db import db, rows
from webapp.kit.secrets import NAME, EncryptedText, Keyring, SecretUnreadable, keyring
from webapp.kit.settings import BadSetting

SERVER, OLD, NEW = "s" * 40, "o" * 40, "n" * 40


def test_what_is_encrypted_is_read_again_and_is_never_the_same_twice():
    keys = Keyring([], SERVER)
    first, second = keys.encrypt("geheim ä"), keys.encrypt("geheim ä")
    assert first != second
    assert "geheim" not in first
    assert keys.decrypt(first) == keys.decrypt(second) == "geheim ä"


def test_the_first_key_encrypts_and_all_decrypt():
    before, both = Keyring([OLD], SERVER), Keyring([NEW, OLD], SERVER)
    token = before.encrypt("x")
    assert both.decrypt(token) == "x"
    assert Keyring([NEW], SERVER).decrypt(both.encrypt("x")) == "x"
    with pytest.raises(SecretUnreadable):
        Keyring([NEW], SERVER).decrypt(token)


def test_what_the_derived_key_encrypted_stays_readable_once_keys_are_given():
    token = Keyring([], SERVER).encrypt("x")
    assert Keyring([NEW], SERVER).decrypt(token) == "x"
    with pytest.raises(SecretUnreadable):
        Keyring([NEW], "t" * 40).decrypt(token)


def test_a_given_key_is_not_the_derived_one_of_the_same_text():
    with pytest.raises(SecretUnreadable):
        Keyring([OLD], SERVER).decrypt(Keyring([], OLD).encrypt("x"))


def by_hand(key, purpose):
    """The Fernet key of a text by RFC 5869 itself: extract without a salt, expand to one block."""
    extracted = hmac.digest(bytes(32), key.encode(), "sha256")
    return Fernet(base64.urlsafe_b64encode(hmac.digest(extracted, purpose + b"\x01", "sha256")))


@pytest.mark.parametrize(("keys", "key", "purpose"), [
    (Keyring([], SERVER), SERVER, b"patchboard encryption key of the server's secret"), (Keyring([OLD], SERVER), OLD, b"patchboard encryption key")],
    ids=["derived", "given"])
def test_what_earlier_versions_encrypted_stays_readable(keys, key, purpose):
    assert keys.decrypt(by_hand(key, purpose).encrypt(b"x").decode()) == "x"
    assert by_hand(key, purpose).decrypt(keys.encrypt("x").encode()) == b"x"


def test_the_application_has_the_keys_of_its_settings(app):
    with app.app_context():
        assert keyring().decrypt(Keyring(app.config["ENCRYPTION_KEYS"], app.config["SECRET_KEY"]).encrypt("x")) == "x"


@pytest.mark.parametrize("token", ["", "x", "gAAAAAB", Fernet(Fernet.generate_key()).encrypt(b"x").decode()],
                         ids=["empty", "short", "cut", "another key's"])
def test_what_is_no_token_of_ours_is_said_without_showing_it(token):
    with pytest.raises(SecretUnreadable) as raised:
        Keyring([], SERVER).decrypt(token)
    assert raised.value.status == 500
    assert not token or token not in raised.value.message


def test_a_token_that_was_changed_is_refused():
    token = Keyring([], SERVER).encrypt("x")
    with pytest.raises(SecretUnreadable):
        Keyring([], SERVER).decrypt(token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))


def test_only_what_is_not_under_the_first_key_is_renewed():
    token, keys = Keyring([OLD], SERVER).encrypt("x"), Keyring([NEW, OLD], SERVER)
    renewed = keys.renewed(token)
    assert Keyring([NEW], SERVER).decrypt(renewed) == "x"
    assert keys.renewed(renewed) is None


def test_nothing_stays_nothing(app):
    with app.app_context():
        assert EncryptedText().process_bind_param(None, None) is None
        assert EncryptedText().process_result_value(None, None) is None


@pytest.fixture
def five(app):
    """Five secrets under the old key; the application has both."""
    before = app.extensions[NAME]
    app.extensions[NAME] = Keyring([OLD], SERVER)
    with factories.writing(app):
        for number in range(5):
            db.session.add(SecondFactor(user_id=factories.user().id, secret=f"secret {number}", created_at=now()))
    app.extensions[NAME] = Keyring([NEW, OLD], SERVER)
    yield
    app.extensions[NAME] = before


def tokens(app):
    with app.app_context():
        return {row.user_id: row.secret for row in rows("SELECT user_id, secret FROM second_factors")}


def secrets(app):
    with app.app_context():
        return sorted(each.secret for each in db.session.query(SecondFactor))


def line_of(output):
    return next(line for line in output.splitlines() if line.startswith("second_factors.secret:"))


def test_the_command_renews_all_once_and_says_how_many(app, five):
    before = tokens(app)
    first = app.test_cli_runner().invoke(args=["rotate-secrets"])
    assert (first.exit_code, line_of(first.output)) == (0, "second_factors.secret: 5 encrypted anew, 0 already were.")
    after = tokens(app)
    assert not set(before.values()) & set(after.values())
    second = app.test_cli_runner().invoke(args=["rotate-secrets"])
    assert line_of(second.output) == "second_factors.secret: 0 encrypted anew, 5 already were."
    assert tokens(app) == after
    app.extensions[NAME] = Keyring([NEW], SERVER)
    assert secrets(app) == [f"secret {number}" for number in range(5)]


def test_what_was_done_before_an_interruption_stays_done(app, five, monkeypatch):
    seen, real = [], rotation._rotate_batch

    def interrupted(column, after, batch, done):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(after)
        return real(column, after, batch, done)

    monkeypatch.setattr(rotation, "_rotate_batch", interrupted)
    column = SecondFactor.__table__.c.secret
    with app.app_context(), pytest.raises(KeyboardInterrupt):
        rotation.rotate(column, batch=2)
    monkeypatch.undo()
    with app.app_context():
        again = rotation.rotate(column, batch=2)
    assert (again.changed, again.kept, again.unreadable) == (1, 4, 0)


def test_what_no_key_reads_is_left_and_said(app, five):
    app.extensions[NAME] = Keyring([NEW], SERVER)
    before = tokens(app)
    said = app.test_cli_runner().invoke(args=["rotate-secrets"])
    assert said.exit_code == 1
    assert line_of(said.output) == "second_factors.secret: 0 encrypted anew, 0 already were, 5 readable with no key."
    assert tokens(app) == before


def test_every_encrypted_column_is_known():
    assert "second_factors.secret" in {f"{column.table.name}.{column.name}" for column in rotation.encrypted_columns()}


def test_keys_come_from_the_environment_or_a_file(monkeypatch, tmp_path):
    from config import encryption_keys

    monkeypatch.setenv("ENCRYPTION_KEYS", f"{NEW},{OLD}")
    assert encryption_keys() == [NEW, OLD]
    monkeypatch.delenv("ENCRYPTION_KEYS")
    (tmp_path / "keys").write_text(f"{NEW}\n{OLD}\n")
    monkeypatch.setenv("ENCRYPTION_KEYS_FILE", str(tmp_path / "keys"))
    assert encryption_keys() == [NEW, OLD]
    monkeypatch.delenv("ENCRYPTION_KEYS_FILE")
    assert encryption_keys() == []
    monkeypatch.setenv("ENCRYPTION_KEYS", "short")
    with pytest.raises(BadSetting, match="ENCRYPTION_KEYS"):
        encryption_keys()
