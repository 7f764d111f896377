"""The pages behind mailed links: each takes the token from the address and calls the API.

The token stands behind the ``#``, so it reaches no server's log and no other site. A page loads
nothing from elsewhere; its own policy lets its one script run and no other.
"""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from string import Template

from ..http.html import policy

LINKED = Path(__file__).parent / "linked"
TITLES = {
    "verify-email": "Verify your address",
    "reset-password": "Set a new password",
    "accept-invitation": "Accept an invitation",
}


@cache
def page(name: str) -> str:
    """The whole page, as HTML."""
    style, script = _read("page.css"), _read("page.js")
    return Template(_read("page.html")).substitute(
        title=TITLES[name],
        policy=policy(style, script, "connect-src 'self'"),
        style=style,
        script=script,
        main=_read(f"{name}.html"),
    )


def _read(file: str) -> str:
    return (LINKED / file).read_text("utf-8")


PAGES: dict[str, Callable[[], str]] = {f"/{name}": partial(page, name) for name in TITLES}
"""Every page by its path."""
