"""What the proxy answers when there is no app to answer: a small page, or JSON."""

import html
import json
import re
from typing import NamedTuple


class Page(NamedTuple):
    """An answer of the proxy itself."""

    status: int
    lines: list[bytes]
    body: bytes


_TEXTS = {
    "unknown": (
        404,
        "There is no app here",
        "No service has the address {name}.",
        "Check the name, or deploy a service: its address is shown when the deployment is live.",
    ),
    "stopped": (
        503,
        "{name} is stopped",
        "The service is known, but no process of it runs.",
        "Start or deploy it again.",
    ),
    "failed": (
        503,
        "{name} has failed",
        "The service ended again and again, and is no longer started by itself.",
        "Its logs say why; mend it and deploy it again, or restart it.",
    ),
    "starting": (
        503,
        "{name} is starting",
        "The service is on its way, but takes longer than a request may wait.",
        "Try again in a moment; if this page stays, look into the logs of the service.",
    ),
    "broken": (
        502,
        "{name} does not answer",
        "The service runs, but it refused the connection or broke it off.",
        "Try again in a moment; if this page stays, look into the logs of the service.",
    ),
}
_SAME = {"sleeping": "starting", "running": "broken"}

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; --ink: #1c1b29; --soft: #6b697d; --paper: #fbfaff; }}
  @media (prefers-color-scheme: dark) {{
    :root {{ --ink: #f1effa; --soft: #a19eb5; --paper: #14131c; }}
  }}
  body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
         background: var(--paper); color: var(--ink); font: 17px/1.6 system-ui, sans-serif; }}
  main {{ max-width: 30rem; padding: 2rem; }}
  small {{ color: var(--soft); letter-spacing: .08em; }}
  h1 {{ margin: .2em 0 .4em; line-height: 1.2; overflow-wrap: anywhere; }}
  p {{ margin: .4em 0; }}
  p + p {{ color: var(--soft); }}
</style>
<main>
  <small>ORBITRA · {status}</small>
  <h1>{title}</h1>
  <p>{what}</p>
  <p>{next}</p>
</main>
</html>
"""


def page(state: str, name: str, accept: str) -> Page:
    """The page for a service's state, with the name of its host; JSON for who would rather have it.

    The states are those of the routes, ``unknown`` and ``broken``; ``accept`` is the header.
    """
    status, *texts = _TEXTS[_SAME.get(state, state)]
    title, what, then = (text.format(name=name) for text in texts)
    if _prefers_json(accept):
        body = {"error": title, "message": f"{what} {then}"}
        return _page(status, "application/json", json.dumps(body))
    text = _PAGE.format(
        status=status, title=html.escape(title), what=html.escape(what), next=html.escape(then)
    )
    return _page(status, "text/html", text)


def _page(status: int, kind: str, text: str) -> Page:
    body = text.encode()
    lines = [
        f"Content-Type: {kind}; charset=utf-8".encode(),
        b"Content-Length: %d" % len(body),
        b"Cache-Control: no-store",
    ]
    if status != 404:
        lines.append(b"Retry-After: 5")
    return Page(status, lines, body)


def _prefers_json(accept: str) -> bool:
    return _quality(accept, "application/json") > _quality(accept, "text/html")


def _quality(accept: str, kind: str) -> float:
    """How much a kind is wanted, 0 to 1; kinds that only a wildcard allows count as 0."""
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name == kind:
            found = re.search(r"q=(\d(?:\.\d+)?)", ";".join(parameters))
            return float(found[1]) if found else 1.0
    return 0.0
