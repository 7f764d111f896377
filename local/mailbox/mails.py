"""The mails that were taken, the last five hundred of them, in memory."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from typing import Any

KEPT = 500


@dataclass(frozen=True)
class Mail:
    """One mail. ``received_at`` is in epoch seconds, the addresses are the envelope's."""

    id: int
    received_at: int
    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str

    def as_json(self) -> dict[str, Any]:
        """What scripts read."""
        return asdict(self)


class Mails:
    """Keeps the last mails; safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: deque[Mail] = deque(maxlen=KEPT)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def take(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        """Keep a mail as it came over the wire."""
        message = message_from_bytes(content, _class=EmailMessage, policy=default)
        text, html = _body(message, "plain"), _body(message, "html")
        subject = str(message["Subject"] or "")
        now = int(time.time())
        with self._lock:
            number = next(self._numbers)
            self._kept.append(Mail(number, now, sender, list(recipients), subject, text, html))

    def newest_first(self) -> list[Mail]:
        """All that are kept."""
        with self._lock:
            return list(reversed(self._kept))

    def find(self, number: int) -> Mail | None:
        """The mail of this number, while it is kept."""
        return next((mail for mail in self.newest_first() if mail.id == number), None)


def _body(message: EmailMessage, kind: str) -> str:
    """The text of a kind; empty where there is none, whatever else is wrong with the mail."""
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):
        content = part.get_payload(decode=True)
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
