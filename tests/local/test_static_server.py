"""The static server, as a process of its own."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from local import static_server
from tests.local.conftest import end, until

FILES = {
    "index.html": "home",
    "about.html": "about",
    "docs/index.html": "docs",
    "empty/file.js": "js",
    "data.json": "{}",
    "blob": "?",
    ".env": "secret",
    ".git/config": "secret",
    ".well-known/security.txt": "mail",
}


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serving(place: Path, *options: str) -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-I", static_server.__file__, *options, str(place)]
    process = subprocess.Popen(
        command, env={**os.environ, "PORT": str(port)}, stdin=subprocess.PIPE
    )
    try:
        until(lambda: answers(port))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        end(process)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        for file, text in FILES.items():
            path = Path(name, "site", file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        Path(name, "secret").write_text("secret")
        Path(name, "site/link").symlink_to(Path(name, "secret"))
        os.mkfifo(Path(name, "site/pipe"))
        yield Path(name, "site")


@pytest.fixture(scope="module")
def client(place: Path) -> Iterator[httpx.Client]:
    with serving(place) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("/", "home", "text/html; charset=utf-8"),
        ("/index.html", "home", "text/html; charset=utf-8"),
        ("/about", "about", "text/html; charset=utf-8"),
        ("/docs/", "docs", "text/html; charset=utf-8"),
        ("/empty/file.js", "js", "text/javascript; charset=utf-8"),
        ("/data.json?x=1", "{}", "application/json; charset=utf-8"),
        ("/blob", "?", "application/octet-stream"),
        ("/.well-known/security.txt", "mail", "text/plain; charset=utf-8"),
    ],
)
def test_files(client: httpx.Client, path: str, text: str, kind: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, text)
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize(
    "path",
    [
        *("/nope", "/empty", "/empty/", "/link", "/pipe", "/.env", "/.git/config", "/data.json/"),
        *("/../secret", "/%2e%2e/secret", "/docs/..%2f..%2fsecret", "//etc/passwd", "/a%00b"),
        *(f"/{'x' * 3000}", "/docs/%2e%2e/.env"),
    ],
)
def test_what_is_not_served(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_a_folder_gets_its_slash(client: httpx.Client) -> None:
    answer = client.get("/docs?a=b")
    assert (answer.status_code, answer.headers["location"]) == (302, "./docs/?a=b")
    assert client.get("/docs?a=b", follow_redirects=True).text == "docs"


def test_a_second_visit_and_other_methods(client: httpx.Client) -> None:
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert client.head("/").headers["content-length"] == "4"
    assert client.get("/", headers={"Range": "bytes=1-2"}).text == "om"
    assert client.post("/").status_code == 405


def test_the_fallback_and_a_page_of_its_own_for_404(place: Path) -> None:
    with serving(place, "--fallback") as client:
        assert client.get("/users/7").text == "home"
        assert client.get("/users/").text == "home"
        assert client.get("/assets/gone.js").status_code == 404
        (place / "404.html").write_text("lost")
        answer = client.get("/gone.js")
        assert (answer.status_code, answer.text) == (404, "lost")
        (place / "404.html").unlink()
