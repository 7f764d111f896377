"""The pages of the mailbox: a list, one mail, and all of them as JSON for scripts.

A mail's HTML is shown in a frame that may neither run scripts nor load anything. Only this
machine's own names are answered: a page of another site cannot read the mails by pointing a name of
its own at this machine.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .mails import Mails

OWN_NAMES = {"localhost", "127.0.0.1", "::1"}
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " frame-src 'self'; base-uri 'none'; form-action 'none'",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(mails: Mails) -> list[web.RouteDef]:
    """The routes of the mailbox, for the local HTTP server."""

    async def overview(_: web.Request) -> web.Response:
        return _page("list.html", mails=mails.newest_first())

    async def one(request: web.Request) -> web.Response:
        mail = mails.find(int(request.match_info["number"]))
        return _page("mail.html", mail=mail) if mail else _page("gone.html", status=404)

    async def as_json(_: web.Request) -> web.Response:
        body = {"mails": [mail.as_json() for mail in mails.newest_first()]}
        return web.json_response(body, headers=HEADERS)

    return [
        web.get("/mailbox", _for_this_machine(overview)),
        web.get("/mailbox/", _for_this_machine(overview)),
        web.get(r"/mailbox/{number:\d{1,9}}", _for_this_machine(one)),
        web.get("/mailbox.json", _for_this_machine(as_json)),
    ]


def _for_this_machine(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if urlsplit(f"//{request.host}").hostname not in OWN_NAMES:
            return web.Response(status=403, text="Open the mailbox as localhost", headers=HEADERS)
        return await handler(request)

    return guarded


def _page(template: str, *, status: int = 200, **shown: object) -> web.Response:
    text = _templates().get_template(template).render(shown)
    return web.Response(text=text, status=status, headers=HEADERS, content_type="text/html")


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    templates.filters["time"] = _time
    return templates


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
