"""The one form of our mails: a few words, one link, and its token for those without a browser."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .service import Message, link

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Letter:
    """What a mail says. Names in it may be anyone's: they are escaped, not trusted.

    ``action`` is what the link does, ``page`` its path and ``call`` the route that takes its
    token; ``note`` says how long it is good for and what to do when one did not ask for it.
    """

    to: str
    subject: str
    greeting: str
    words: str
    action: str
    page: str
    call: str
    token: str
    note: str


def message(letter: Letter) -> Message:
    """The letter as plain text and as HTML."""
    shown = {"letter": letter, "url": link(letter.page, letter.token)}
    text = _environment().get_template("letter.txt").render(shown)
    html = _environment().get_template("letter.html").render(shown)
    return Message(letter.to, letter.subject, text, html)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
