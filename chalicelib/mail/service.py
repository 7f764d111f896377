"""Mail that follows a request: a feature names its purpose, a job writes and sends it.

The job holds the purpose and ids only, never a token: a feature declares with ``writes`` the
function that makes the message, and that function makes the link's token when the mail is sent.
Mail is at least once: a worker that dies between sending and saying so sends again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import jobs
from ..settings import settings
from ..store.transaction import Transaction

KIND = "mail.send"


@dataclass(frozen=True)
class Message:
    """A mail to one address, as plain text and as HTML."""

    to: str
    subject: str
    text: str
    html: str


Write = Callable[[str, Mapping[str, Any]], Message | None]
_WRITERS: dict[str, Write] = {}


def writes(purpose: str) -> Callable[[Write], Write]:
    """Declare the function that writes the mails of a purpose.

    It is given the tenant and the ids that ``send_later`` was given, and answers None when there
    is nothing to say any more.
    """

    def declare(write: Write) -> Write:
        _WRITERS[purpose] = write
        return write

    return declare


def send_later(tx: Transaction, tenant: str, purpose: str, ids: Mapping[str, str]) -> None:
    """Send a mail of this purpose once the transaction is committed. ``ids`` holds no secret."""
    jobs.enqueue(tx, tenant, KIND, {"purpose": purpose, **ids})


def written(tenant: str, payload: Mapping[str, Any]) -> Message | None:
    """The message of a job, or None when there is nothing to say any more."""
    return _WRITERS[payload["purpose"]](tenant, payload)


def link(path: str, token: str) -> str:
    """The address of a page for the token, which stands where no server gets to see it."""
    return f"{settings().public_base_url.rstrip('/')}{path}#token={token}"
