"""Mail: plain text and perhaps files, written in the transaction of its cause, sent by a worker over SMTP until the server takes it.

MAIL_URL says by which server: `smtp://host:25`, `smtp+starttls://user:password@host:587`, `smtps://user:password@host:465`.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

from flask import current_app

from webapp.kit import jobs
from webapp.kit.clock import now
from webapp.kit.logs import log
from webapp.kit.settings import BadSetting
from webapp.kit.storage import StorageDown, storage

PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
PATIENCE = 15.0
"""Seconds for one answer of the mail server."""
WAITS = tuple(timedelta(seconds=each) for each in (10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600))
"""How long to wait after the first, second, … try that failed; about a day in all (RFC 5321, 4.5.4.1, asks for days)."""
UNSENDABLE = "The mail server refused this mail for good."


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over; `tls` from the first byte (smtps), or after STARTTLS, which is then demanded."""

    scheme: str
    host: str
    port: int
    user: str
    password: str

    @classmethod
    def of(cls, url: str) -> MailServer:
        """The server that MAIL_URL names; BadSetting for what cannot be meant."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise BadSetting(f"MAIL_URL must begin with {', '.join(f'{name}://' for name in PORTS)} and name a host.") from None
        if not parts.hostname:
            raise BadSetting("MAIL_URL must name a host.")
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))

    def send(self, message: EmailMessage) -> int:
        """Hands one message over and tells how many of its recipients were refused; SMTPException or OSError when it is not taken."""
        context = ssl.create_default_context()
        secure = self.scheme == "smtps"
        with smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context) if secure else smtplib.SMTP(
                self.host, self.port, timeout=PATIENCE) as server:
            if self.scheme == "smtp+starttls":
                server.ehlo_or_helo_if_needed()
                if not server.has_extn("starttls"):
                    raise smtplib.SMTPException("no STARTTLS")  # may be mended, unlike what a server refuses for good
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            return len(server.send_message(message))


def sender(text: str) -> Address:
    """MAIL_FROM as an address, with a name or without one; BadSetting for what is none."""
    name, address = parseaddr(text)
    try:
        found = Address(display_name=name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        raise BadSetting("MAIL_FROM must be an address, such as Patchboard <patchboard@example.com>.") from None
    if not (found.username and found.domain):
        raise BadSetting("MAIL_FROM must be an address, such as Patchboard <patchboard@example.com>.")
    return found


def sends_mail() -> bool:
    """Whether this server has a mail server to hand mail to."""
    return bool(current_app.config["MAIL_URL"])


def attachments_room() -> int:
    """How many bytes of files may go with one mail."""
    return int(current_app.config["MAIL_ATTACHMENTS_MAX_MB"]) * 2**20


def address_of(path: str) -> str:
    """A page of this server, as a mail names it."""
    return f"{current_app.config['PUBLIC_URL']}{path}"


def post(to: str, subject: str, text: str, at: datetime, files: Sequence[Mapping[str, str]] = ()) -> None:
    """Asks for a mail to be sent once this transaction is committed; nothing where this server sends no mail.

    `files` go with it, each a `path`, which is its key in the storage, with its `mimetype`.
    """
    if sends_mail():
        attached = {"files": [dict(each) for each in files]} if files else {}
        jobs.ask("mail.send", {"to": to, "subject": subject, "text": text, **attached}, at)


def send_mail(attempt: int, to: str, subject: str, text: str, files: Sequence[Mapping[str, str]] = ()) -> None:
    """The job: sends one mail, later again while the server or the storage is down, and never again what it refuses for good."""
    try:
        message = attach(written(to, subject, text, now()), files)
    except StorageDown:
        if attempt > len(WAITS):
            raise jobs.GivenUp(f"Not sent after {attempt} tries.") from None
        raise jobs.TryLater(WAITS[attempt - 1]) from None
    deliver(message, attempt)


def attach(message: EmailMessage, files: Sequence[Mapping[str, str]]) -> EmailMessage:
    """The mail with these files of the storage; one that was removed meanwhile is left out, as its text leads to what is there."""
    for file in files:
        name = file["path"].rpartition("/")[2]
        kind, _, subtype = file["mimetype"].partition("/")
        try:
            content = storage().open(file["path"])
        except FileNotFoundError:
            log().warning("attachment_gone", file=name)
            continue
        with closing(content):
            message.add_attachment(b"".join(content), maintype=kind, subtype=subtype, filename=name)
    return message


def written(to: str, subject: str, text: str, at: datetime) -> EmailMessage:
    """A mail as RFC 5322 has it. EmailMessage refuses line breaks in headers, so that none can be smuggled in."""
    message, origin = EmailMessage(), sender(current_app.config["MAIL_FROM"])
    message["From"] = origin
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=origin.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers to this
    message.set_content(text)
    return message


def deliver(message: EmailMessage, attempt: int) -> None:
    """Hands a message over; TryLater or GivenUp (of kit.jobs) when the server does not take it."""
    try:
        MailServer.of(current_app.config["MAIL_URL"]).send(message)
    except (smtplib.SMTPException, OSError) as problem:
        log().warning("mail_not_sent", kind=type(problem).__name__, attempt=attempt)
        if is_final(problem) or attempt > len(WAITS):
            raise jobs.GivenUp(UNSENDABLE if is_final(problem) else f"Not sent after {attempt} tries.") from None
        raise jobs.TryLater(WAITS[attempt - 1]) from None
    log().info("mail_sent", attempt=attempt)


def is_final(problem: Exception) -> bool:
    """Whether the server said no for good (5xx to this mail or its recipient); wrong credentials may be mended."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in problem.recipients.values())
    if isinstance(problem, smtplib.SMTPNotSupportedError):
        return True
    return isinstance(problem, (smtplib.SMTPDataError, smtplib.SMTPSenderRefused)) and 500 <= problem.smtp_code < 600
