"""Mail by SMTP, to a real server on a socket: taken, refused, away and back; and settings that cannot be meant."""

from __future__ import annotations

import datetime as dt
import smtplib
import ssl

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import factories
from tests.kit.postbox import Postbox, serving
from webapp.kit import jobs, mail
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, execute, rows
from webapp.kit.local.processes import free_port
from webapp.kit.mail import MailServer
from webapp.kit.settings import BadSetting


@pytest.fixture
def port(app, monkeypatch):
    number = free_port()
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://127.0.0.1:{number}")
    monkeypatch.setitem(app.config, "MAIL_FROM", "Patchboard <patchboard@example.com>")
    return number


def post(app, to="somebody@example.com", subject="Grüße", text="Ein Wort.\n"):
    with factories.writing(app):
        mail.post(to, subject, text, now())


def work(app):
    """Does what waits, as a worker would."""
    with app.app_context():
        enter_scope(ALL)
        for row in rows("SELECT id, attempt FROM job_outbox WHERE state IN ('waiting', 'queued') ORDER BY created_at, id"):
            if execute("UPDATE job_outbox SET state = 'queued' WHERE id = :id", id=row.id):
                from webapp.kit.db import commit

                commit()
            jobs.perform(row.id, row.attempt)


def outbox(app):
    with app.app_context():
        return rows("SELECT state, attempt, postponed, not_before, error FROM job_outbox ORDER BY created_at, id")


def test_a_mail_is_sent_after_the_commit(app, port):
    box = Postbox()
    with serving(box, port):
        post(app)
        assert box.letters == []
        work(app)
    letter = box.letters[0]
    assert (letter["To"], letter["Subject"], letter["From"]) == ("somebody@example.com", "Grüße", "Patchboard <patchboard@example.com>")
    assert letter.get_content().strip() == "Ein Wort."
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@example.com>")
    assert letter["Date"].datetime.tzinfo is not None
    assert box.envelopes[0].mail_from == "patchboard@example.com"
    assert [row.state for row in outbox(app)] == ["done"]


def test_without_a_server_nothing_is_asked_for(app, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_URL", "")
    post(app)
    assert outbox(app) == []


def test_a_server_that_is_away_is_tried_again_until_it_is_back(app, port):
    post(app)
    began = now()
    work(app)
    ended = now()
    row = outbox(app)[0]
    assert (row.state, row.postponed) == ("waiting", 1)
    assert began + dt.timedelta(seconds=1) < row.not_before <= ended + dt.timedelta(seconds=10)
    with app.app_context():
        enter_scope(ALL)
        assert jobs.sweep() == 0, "not before its time"
    box = Postbox()
    with serving(box, port):
        with app.app_context():
            enter_scope(ALL)
            assert jobs.sweep(dt.timedelta(seconds=20)) == 1
        work(app)
    assert len(box.letters) == 1
    assert outbox(app)[0].state == "done"


def test_putting_off_is_no_failed_attempt(app, port):
    post(app)
    work(app)
    with app.app_context():
        enter_scope(ALL)
        execute("UPDATE job_outbox SET attempt = 7, postponed = 7")
        from webapp.kit.db import commit

        commit()
        jobs.sweep(dt.timedelta(minutes=1))
    assert outbox(app)[0].state == "queued"


def test_a_server_that_says_later_is_tried_again_and_one_that_says_no_is_not(app, port):
    box = Postbox()
    with serving(box, port):
        box.answer = "451 not now"
        post(app)
        work(app)
        assert outbox(app)[0].state == "waiting"
        box.answer = "554 never"
        work(app)
    row = outbox(app)[0]
    assert (row.state, row.error) == ("failed", mail.UNSENDABLE)
    assert box.letters == []


def test_after_a_day_it_is_given_up(app, port):
    with app.app_context(), pytest.raises(jobs.GivenUp, match="9 tries"):
        mail.send_mail(9, "somebody@example.com", "x", "y")
    assert sum(mail.WAITS, dt.timedelta()) > dt.timedelta(hours=20)


@pytest.mark.parametrize(("problem", "final"), [
    (smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"no")}), True),
    (smtplib.SMTPRecipientsRefused({"a@example.com": (450, b"later")}), False),
    (smtplib.SMTPSenderRefused(553, b"no", "x"), True), (smtplib.SMTPDataError(452, b"full"), False),
    (smtplib.SMTPNotSupportedError(), True), (smtplib.SMTPAuthenticationError(535, b"no"), False),
    (smtplib.SMTPServerDisconnected(), False), (ConnectionRefusedError(), False), (TimeoutError(), False)])
def test_what_is_refused_for_good(problem, final):
    assert mail.is_final(problem) is final


@pytest.mark.parametrize(("to", "subject"), [("a@example.com\nBcc: b@example.com", "x"), ("a@example.com", "x\r\nBcc: b@example.com"),
                                            ("a@example.com\r\n\r\nbody", "x")])
def test_no_header_can_be_smuggled_in(app, port, to, subject):
    with app.app_context(), pytest.raises(ValueError, match=r"newline|linefeed|carriage"):
        mail.written(to, subject, "text", now())


def test_a_body_that_looks_like_headers_is_a_body(app, port):
    with app.app_context():
        message = mail.written("a@example.com", "x", "\nBcc: b@example.com\n.\nQUIT", now())
    assert message["Bcc"] is None


def certificate(folder):
    """A certificate that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now()).not_valid_after(now() + dt.timedelta(days=1)).sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                      serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(("scheme", "options"), [("smtp+starttls", "tls_context"), ("smtps", "ssl_context")])
def test_a_certificate_that_nobody_vouches_for_is_refused(app, port, monkeypatch, tmp_path, scheme, options):
    monkeypatch.setitem(app.config, "MAIL_URL", f"{scheme}://127.0.0.1:{port}")
    box, context = Postbox(), certificate(tmp_path)
    server = serving(box, port, **{options: context}) if scheme == "smtp+starttls" else _waiting_for_tls(box, port, context)
    with server, app.app_context(), pytest.raises(jobs.TryLater):
        mail.send_mail(1, "somebody@example.com", "x", "y")
    assert box.letters == []


def _waiting_for_tls(box, port, context):
    """The server's own check that it is up speaks TLS too, and trusts it."""
    import contextlib
    import socket
    import threading

    @contextlib.contextmanager
    def listening():
        with socket.create_server(("127.0.0.1", port)) as listener:
            def answer():
                with contextlib.suppress(OSError):
                    context.wrap_socket(listener.accept()[0], server_side=True)

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            yield
        thread.join(timeout=5)

    return listening()


def test_starttls_is_demanded(app, port, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp+starttls://127.0.0.1:{port}")
    box = Postbox()
    with serving(box, port), app.app_context(), pytest.raises(jobs.TryLater):
        mail.send_mail(1, "somebody@example.com", "x", "y")
    assert box.letters == []


def test_credentials_are_given(app, port, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://me%40example.com:p%40ss%3Aword@127.0.0.1:{port}")
    seen, box = [], Postbox()

    def check(server, session, envelope, mechanism, data):
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    with serving(box, port, authenticator=check, auth_require_tls=False), app.app_context():
        mail.send_mail(1, "somebody@example.com", "x", "y")
    assert (seen, len(box.letters)) == ([(b"me@example.com", b"p@ss:word")], 1)


@pytest.mark.parametrize(("url", "known"), [("smtp://mx", ("mx", 25)), ("smtp+starttls://mx", ("mx", 587)), ("smtps://mx", ("mx", 465)),
                                           ("smtps://mx:4650", ("mx", 4650))])
def test_each_scheme_has_its_port(url, known):
    server = MailServer.of(url)
    assert (server.host, server.port) == known


@pytest.mark.parametrize("url", ["mx.example", "http://mx", "smtp://", "smtp://mx:none", "smtp://mx:99999"])
def test_an_address_that_cannot_be_meant_is_refused(url):
    with pytest.raises(BadSetting, match="MAIL_URL"):
        MailServer.of(url)


@pytest.mark.parametrize("text", ["", "Patchboard", "<>", "a@", "@example.com", "a b c"])
def test_a_sender_that_is_none_is_refused(text):
    with pytest.raises(BadSetting, match="MAIL_FROM"):
        mail.sender(text)


def test_mail_needs_the_public_address(monkeypatch):
    from config import mail_settings

    monkeypatch.setenv("MAIL_URL", "smtp://mx")
    monkeypatch.setenv("MAIL_FROM", "a@example.com")
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    with pytest.raises(BadSetting, match="PUBLIC_URL"):
        mail_settings()
    monkeypatch.setenv("PUBLIC_URL", "https://patchboard.example")
    assert mail_settings()["MAIL_URL"] == "smtp://mx"
