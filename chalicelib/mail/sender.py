"""Sends a message: by SES, or by SMTP where the operator names a server."""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from .. import aws, clock
from ..settings import settings
from .service import Message

if TYPE_CHECKING:
    from datetime import datetime

SMTP_SECONDS = 15
SEVEN_BIT = SMTP.clone(cte_type="7bit")  # what every server on the way passes on
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def send(message: Message, reference: str) -> None:
    """Send a message; whatever keeps it from being taken is raised.

    ``reference`` is the same each time one message is sent, so that mailboxes can tell a repeat.
    """
    mime = as_mime(message, reference)
    url = settings().smtp_url.get_secret_value()
    if url:
        _send_by_smtp(urlsplit(url), mime)
    else:
        _send_by_ses(mime)


def as_mime(message: Message, reference: str) -> EmailMessage:
    """The message as it travels. No text in it can begin a header or add a recipient."""
    name, own = parseaddr(settings().mail_from)
    made = EmailMessage(policy=SEVEN_BIT)
    made["From"] = Address(_one_line(name), addr_spec=own)
    made["To"] = Address(addr_spec=_ascii(message.to))
    made["Subject"] = _one_line(message.subject)
    made["Date"] = format_datetime(_now())
    made["Message-ID"] = f"<{reference}@{own.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text)
    made.add_alternative(message.html, subtype="html")
    return made


def _send_by_ses(mime: EmailMessage) -> None:
    aws.client("sesv2").send_email(
        FromEmailAddress=str(mime["From"]),
        Destination={"ToAddresses": [str(mime["To"])]},
        Content={"Raw": {"Data": mime.as_bytes()}},
    )


def _send_by_smtp(url: SplitResult, mime: EmailMessage) -> None:
    with _connected(url, mime["From"].addresses[0].domain) as server:
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        if url.username:
            _log_in(server, url)
        server.send_message(mime)


def _connected(url: SplitResult, own_name: str) -> smtplib.SMTP:
    host, port = url.hostname or "", url.port or 0
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, own_name, timeout=SMTP_SECONDS, context=context)
    server = smtplib.SMTP(host, port, own_name, timeout=SMTP_SECONDS)
    server.ehlo()
    return server


def _log_in(server: smtplib.SMTP, url: SplitResult) -> None:
    """Sign in; never in the clear over a network, whatever the server offers."""
    if not isinstance(server.sock, ssl.SSLSocket) and url.hostname not in LOOPBACK:
        raise ConnectionRefusedError("the mail server offers no TLS: the password is not sent")
    server.login(unquote(url.username or ""), unquote(url.password or ""))


def _ascii(address: str) -> str:
    """The address with its domain in the form that DNS knows. Raises ``ValueError``."""
    from email_validator import validate_email

    found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    return found.ascii_email or address


def _one_line(text: str) -> str:
    return "".join(part if part.isprintable() else " " for part in text)


def _now() -> "datetime":
    from datetime import UTC, datetime

    return datetime.fromtimestamp(clock.now(), UTC)
