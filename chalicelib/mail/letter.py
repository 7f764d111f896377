"""The one form of our mails: a few words and, where there is something to do, one link."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .service import Message, link

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class Link:
    """What there is to do: ``page`` is the path of the link, ``call`` the route that takes its
    token from those without a browser."""

    action: str
    page: str
    call: str
    token: str

    @property
    def url(self) -> str:
        """The address of the page."""
        return link(self.page, self.token)


@dataclass(frozen=True)
class Letter:
    """What a mail says. Names in it may be anyone's: they are escaped, not trusted.

    ``note`` says how long the link is good for, or what to do when one did not ask for this.
    """

    to: str
    subject: str
    greeting: str
    words: str
    note: str
    link: Link | None = None


def message(letter: Letter) -> Message:
    """The letter as plain text and as HTML."""
    text = _environment().get_template("letter.txt").render(letter=letter)
    html = _environment().get_template("letter.html").render(letter=letter)
    return Message(letter.to, letter.subject, text, html)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
