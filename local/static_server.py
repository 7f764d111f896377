"""Serves a folder of static files on $PORT: no listings, no hidden files, no links out of it."""

import argparse
import asyncio
import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

_TYPES = {
    ".avif": "image/avif",
    ".js": "text/javascript",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_TEXTUAL = ("application/json", "application/manifest+json", "application/xml", "image/svg+xml")


class Site:
    """The files below a directory; with ``fallback``, index.html answers for unknown pages."""

    def __init__(self, root: Path, *, fallback: bool = False) -> None:
        self._root = root.resolve()
        self._fallback = fallback

    def app(self) -> web.Application:
        """The application that serves the site."""
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if await asyncio.to_thread(self._is_folder, path):
            # Relative links need the slash. "./": a name such as //x or a:b leads nowhere else.
            query = f"?{request.query_string}" if request.query_string else ""
            raise web.HTTPFound(f"./{request.rel_url.raw_name}/{query}")
        if found := await asyncio.to_thread(self._find, path):
            return _file(found)
        if found := await asyncio.to_thread(self._visible, "404.html"):
            return _file(found, 404)
        return web.Response(text="There is no such page here.\n", status=404)

    def _find(self, path: str) -> Path | None:
        return next(filter(None, map(self._visible, self._names(path))), None)

    def _names(self, path: str) -> Iterator[str]:
        page = not path or path.endswith("/")
        yield from [f"{path}index.html"] if page else [path, f"{path}.html"]
        if self._fallback and "." not in path.rsplit("/", 1)[-1]:
            yield "index.html"

    def _is_folder(self, path: str) -> bool:
        slash = not path or path.endswith("/")
        return not slash and not self._visible(path) and bool(self._visible(f"{path}/index.html"))

    def _visible(self, path: str) -> Path | None:
        parts = path.split("/")
        if "\0" in path or any(part[:1] == "." and part != ".well-known" for part in parts):
            return None
        try:
            found = (self._root / path.lstrip("/")).resolve()
            return found if found.is_relative_to(self._root) and found.is_file() else None
        except OSError:
            return None  # a name that is too long


def content_type(path: Path) -> str:
    """The type of a file by its name, with a charset where it is text."""
    suffix = path.suffix.lower()
    kind = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    textual = kind.startswith("text/") or kind in _TEXTUAL
    return f"{kind}; charset=utf-8" if textual else kind


def _file(path: Path, status: int = 200) -> web.FileResponse:
    headers = {
        "Content-Type": content_type(path),
        "Cache-Control": "no-cache",  # browsers ask again, and mostly hear "not modified"
        "X-Content-Type-Options": "nosniff",
    }
    return web.FileResponse(path, status=status, headers=headers)


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--fallback", action="store_true")
    options = parser.parse_args()
    app = Site(options.root, fallback=options.fallback).app()
    port = int(os.environ["PORT"])
    print(f"Serving static files on port {port}")
    web.run_app(app, port=port, print=lambda _: None, shutdown_timeout=5)


if __name__ == "__main__":
    main()
