"""The mails that were taken, the last five hundred of them, in a file that survives a restart."""

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

KEPT = 500
WAIT_SECONDS = 10  # for a process of before that is about to end
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS mails (id INTEGER PRIMARY KEY AUTOINCREMENT, mail TEXT NOT NULL);
"""


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
    """Keeps the last mails, in memory where no file is named; safe to use from several threads."""

    def __init__(self, file: Path | None = None) -> None:
        if file:
            file.touch(mode=0o600)  # mails hold links that open accounts
        self._db = sqlite3.connect(file or ":memory:", WAIT_SECONDS, check_same_thread=False)
        self._db.executescript(_SCHEMA)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file; what was taken is in it."""
        self._db.close()

    def take(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        """Keep a mail as it came over the wire."""
        message = message_from_bytes(content, _class=EmailMessage, policy=default)
        fields = {
            "received_at": int(time.time()),
            "sender": sender,
            "recipients": list(recipients),
            "subject": str(message["Subject"] or ""),
            "text": _body(message, "plain"),
            "html": _body(message, "html"),
        }
        with self._lock, self._db:
            added = self._db.execute("INSERT INTO mails (mail) VALUES (?)", [json.dumps(fields)])
            self._db.execute("DELETE FROM mails WHERE id <= ?", [(added.lastrowid or 0) - KEPT])

    def newest_first(self) -> list[Mail]:
        """All that are kept."""
        return self._found("SELECT id, mail FROM mails ORDER BY id DESC")

    def find(self, number: int) -> Mail | None:
        """The mail of this number, while it is kept."""
        return next(iter(self._found("SELECT id, mail FROM mails WHERE id = ?", number)), None)

    def _found(self, query: str, *values: int) -> list[Mail]:
        with self._lock:
            rows = self._db.execute(query, values).fetchall()
        return [Mail(number, **json.loads(mail)) for number, mail in rows]


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
