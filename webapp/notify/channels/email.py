"""E-mail: plain text, one message to all recipients of the channel."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import ClassVar

from flask import current_app

from webapp.kit import mail
from webapp.notify.channels import Kind, Means
from webapp.notify.values import Message, Outcome, Target

LONGEST_SUBJECT = 200


class Email(Kind):
    """Sends through the server of MAIL_URL."""

    name: ClassVar[str] = "email"
    label: ClassVar[str] = "E-mail"
    hint: ClassVar[str] = "Plain text to one or more addresses."
    icon: ClassVar[str] = "mail"
    takes: ClassVar[str] = "recipients"

    def send(self, target: Target, message: Message, means: Means) -> Outcome:
        if not mail.sends_mail():
            return Outcome(False, error="This server sends no mail: MAIL_URL is not set.", is_final=True)
        letter = written(target, message, means)
        try:
            refused = mail.MailServer.of(current_app.config["MAIL_URL"]).send(letter)
        except (smtplib.SMTPException, OSError) as problem:
            return Outcome(False, code_of(problem), words_of(problem), is_final=mail.is_final(problem))
        note = f"{refused} of {len(target.recipients)} recipients were refused." if refused else None
        return Outcome(True, 250, note)


def written(target: Target, message: Message, means: Means) -> EmailMessage:
    """The letter. Its Message-ID is the delivery's, so that a second copy of it can be told from a second message."""
    letter = mail.written(", ".join(target.recipients), message.title[:LONGEST_SUBJECT], text_of(message), means.at)
    domain = letter["Message-ID"].rpartition("@")[2]
    letter.replace_header("Message-ID", f"<{message.id}@{domain}")
    return letter


def text_of(message: Message) -> str:
    """What the letter says."""
    lines = [message.title, ""]
    for each in message.lines:
        lines.append(f"- {each['text']}")
        if each.get("url") and each["url"] != message.url:
            lines.append(f"  {each['url']}")
    if message.more:
        lines.append(f"and {message.more:,} more")
    if message.url:
        lines += ["", message.url] if message.lines else [message.url]
    return "\n".join([*lines, "", "-- ", message.why, ""])


def code_of(problem: Exception) -> int | None:
    """The code that the mail server gave, where it gave one."""
    if isinstance(problem, smtplib.SMTPResponseException):
        return problem.smtp_code
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return next((code for code, _ in problem.recipients.values()), None)
    return None


def words_of(problem: Exception) -> str:
    """Why the mail server did not take it, without naming anybody."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return "The mail server refused every recipient."
    if isinstance(problem, smtplib.SMTPAuthenticationError):
        return "The mail server did not accept this server's user name and password."
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"The mail server answered with {problem.smtp_code}."
    if isinstance(problem, TimeoutError):
        return "The mail server did not answer in time."
    return "The mail server could not be reached."
