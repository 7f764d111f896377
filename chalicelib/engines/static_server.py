"""Serves a folder of static files on $PORT: no listings, no hidden files, no links out of it.

It is one file over the standard library, so it runs wherever Python does: it is shipped as it is.
"""

import argparse
import hashlib
import mimetypes
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

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


class Pages:
    """The files below a directory; with ``fallback``, index.html answers for unknown pages."""

    def __init__(self, root: Path, *, fallback: bool = False) -> None:
        self._root = root.resolve()
        self._fallback = fallback

    def find(self, path: str) -> Path | None:
        """The file that a path leads to."""
        return next(filter(None, map(self.visible, self._names(path))), None)

    def is_folder(self, path: str) -> bool:
        """Whether the path lacks the slash without which relative links lead elsewhere."""
        slash = not path or path.endswith("/")
        return not slash and not self.visible(path) and bool(self.visible(f"{path}/index.html"))

    def visible(self, path: str) -> Path | None:
        """The file of this very name, if it is one to be shown."""
        parts = path.split("/")
        if "\0" in path or any(part[:1] == "." and part != ".well-known" for part in parts):
            return None
        try:
            found = (self._root / path.lstrip("/")).resolve()
            return found if found.is_relative_to(self._root) and found.is_file() else None
        except OSError:
            return None  # a name that is too long

    def _names(self, path: str) -> Iterator[str]:
        page = not path or path.endswith("/")
        yield from [f"{path}index.html"] if page else [path, f"{path}.html"]
        if self._fallback and "." not in path.rsplit("/", 1)[-1]:
            yield "index.html"


class Visit(BaseHTTPRequestHandler):
    """A connection of somebody who asks for pages."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Orbitra", ""
    disable_nagle_algorithm = True
    wbufsize = 65_536
    timeout = 75  # longer than whoever keeps connections to us

    def __init__(self, *connection: Any, pages: Pages) -> None:
        self._pages = pages
        super().__init__(*connection)

    def do_GET(self) -> None:
        """Answer with the page."""
        place, _, query = self.path.partition("?")
        path = os.fsdecode(unquote_to_bytes(place.encode("latin-1"))).removeprefix("/")
        if self._pages.is_folder(path):
            # "./": a name such as a:b leads nowhere else.
            name = place.rpartition("/")[2]
            self._say(HTTPStatus.FOUND, Location=f"./{name}/" + (f"?{query}" if query else ""))
        elif found := self._pages.find(path):
            self._show(found)
        elif found := self._pages.visible("404.html"):
            self._show(found, HTTPStatus.NOT_FOUND)
        else:
            self._say(HTTPStatus.NOT_FOUND, "There is no such page here.\n")

    do_HEAD = do_GET  # noqa: N815 (as http.server names it)

    def _refuse(self) -> None:
        self._say(HTTPStatus.METHOD_NOT_ALLOWED, "Pages can only be read.\n", Allow="GET, HEAD")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _refuse  # noqa: N815

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: whoever leads requests here logs them."""

    def _show(self, file: Path, status: HTTPStatus = HTTPStatus.OK) -> None:
        with file.open("rb") as content:
            about = os.fstat(content.fileno())
            tag = entity_tag(file, about.st_mtime_ns, about.st_size)
            headers = {
                "Content-Type": content_type(file),
                "ETag": tag,
                "Cache-Control": "no-cache",  # browsers ask again, and mostly hear "not modified"
                "X-Content-Type-Options": "nosniff",
            }
            if status is HTTPStatus.OK:
                self._show_wanted(content, tag, about.st_size, headers)
            else:
                self._send(status, headers, content, range(about.st_size))

    def _show_wanted(self, content: BinaryIO, tag: str, size: int, headers: dict[str, str]) -> None:
        """Send what is asked for of a file: all, a part, or nothing because it is known."""
        if _names(self.headers.get("If-None-Match", ""), tag):
            self._begin(HTTPStatus.NOT_MODIFIED, headers)
            return
        headers["Accept-Ranges"] = "bytes"
        wanted = part(self.headers.get("Range", ""), size)
        if wanted is None or self.headers.get("If-Range", tag) != tag:
            self._send(HTTPStatus.OK, headers, content, range(size))
        elif not wanted:
            self._say(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, Content_Range=f"bytes */{size}")
        else:
            headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
            self._send(HTTPStatus.PARTIAL_CONTENT, headers, content, wanted)

    def _send(
        self, status: HTTPStatus, headers: Mapping[str, object], content: BinaryIO, wanted: range
    ) -> None:
        self._begin(status, {**headers, "Content-Length": len(wanted)})
        if wanted and self.command != "HEAD":
            self.wfile.flush()
            self.connection.sendfile(content, wanted.start, len(wanted))

    def _say(self, status: HTTPStatus, text: str = "", **headers: object) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": len(text)}
        self._begin(status, {**named, **kind})
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def _begin(self, status: HTTPStatus, headers: Mapping[str, object]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.send_header("Connection", "close")  # a body that nobody reads is not a request
        self.end_headers()


class Server(ThreadingTCPServer):
    """Serves each connection in a thread of its own."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print what went wrong, unless it is that the visitor has gone."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def content_type(path: Path) -> str:
    """The type of a file by its name, with a charset where it is text."""
    suffix = path.suffix.lower()
    kind = _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    textual = kind.startswith("text/") or kind in _TEXTUAL
    return f"{kind}; charset=utf-8" if textual else kind


@lru_cache(maxsize=4096)
def entity_tag(path: Path, changed_ns: int, size: int) -> str:
    """What names the content of a file: times say nothing where all files have the same."""
    del changed_ns, size
    with path.open("rb") as content:
        return f'"{hashlib.file_digest(content, "sha256").hexdigest()[:32]}"'


def part(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for, an empty range for none of these; None for all."""
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    first, last = found.groups() if found else ("", "")
    if not first:
        return range(max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last or size) + 1, size))


def _names(header: str, tag: str) -> bool:
    return tag in {each.strip().removeprefix("W/") for each in header.split(",")}


def _served(root: Path) -> Path:
    """The folder to serve; the process ends when it is not there, or leads out of this one."""
    found = root.resolve()
    if not found.is_dir():
        sys.exit(
            f'The publish directory "{root}" does not exist in the root directory; correct it.'
        )
    if not found.is_relative_to(Path.cwd()):
        sys.exit(f'The publish directory "{root}" leads out of the root directory; correct it.')
    return found


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--fallback", action="store_true")
    options = parser.parse_args()
    pages = Pages(_served(options.root), fallback=options.fallback)
    port = int(os.environ["PORT"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with Server(("", port), partial(Visit, pages=pages)) as server:
        print(f"Serving static files on port {port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
