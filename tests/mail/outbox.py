"""What was sent by SES, which moto keeps."""

import re
from dataclasses import dataclass
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any

from chalicelib import aws


@dataclass
class Sent:
    """A mail as its recipient reads it."""

    to: str
    subject: str
    text: str
    html: str
    raw: str
    mime: EmailMessage

    @property
    def token(self) -> str:
        """The token, from its own line of the text."""
        found = re.search(r"^(eyJ\S+)$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]


def _backend() -> Any:
    from moto.ses.models import ses_backends

    return ses_backends["123456789012"]["us-east-1"]


def clear() -> None:
    """Forget what was sent, and let the platform send."""
    _backend().sent_messages.clear()
    if "no-reply@localhost" not in _backend().email_identities:
        aws.client("sesv2").create_email_identity(EmailIdentity="no-reply@localhost")


def sent() -> list[Sent]:
    """All mails, the oldest first."""
    return [_read(one.raw_data) for one in _backend().sent_messages]


def last(to: str) -> Sent:
    """The newest mail to this address."""
    found = [mail for mail in sent() if mail.to == to]
    assert found, f"no mail to {to}"
    return found[-1]


def _read(raw: str) -> Sent:
    mime: Any = message_from_string(raw, policy=default)
    text = mime.get_body(("plain",)).get_content().replace("\r\n", "\n")
    html = mime.get_body(("html",)).get_content()
    return Sent(mime["To"], mime["Subject"], text, html, raw, mime)
