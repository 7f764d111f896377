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

from chalicelib.engines import static_server
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
    command = [sys.executable, "-I", static_server.__file__, *options, "."]
    process = subprocess.Popen(
        command, env={**os.environ, "PORT": str(port)}, stdin=subprocess.PIPE, cwd=place
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
    refused = client.post("/", content="GET /data.json HTTP/1.1\r\n\r\n")
    assert (refused.status_code, refused.headers["connection"]) == (405, "close")


def test_what_changes_has_another_name_though_its_time_is_the_same(place: Path) -> None:
    tags = set()
    for text in ("one", "two"):
        (place / "same.txt").write_text(text)
        os.utime(place / "same.txt", (0, 0))
        with serving(place) as client:
            tags.add(client.get("/same.txt").headers["etag"])
    (place / "same.txt").unlink()
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("asked", "status", "text", "said"),
    [
        ("bytes=1-2", 206, "om", "bytes 1-2/4"),
        ("bytes=-1", 206, "e", "bytes 3-3/4"),
        ("bytes=2-", 206, "me", "bytes 2-3/4"),
        ("bytes=2-99", 206, "me", "bytes 2-3/4"),
        ("bytes=4-", 416, "", "bytes */4"),
        ("bytes=2-1", 200, "home", None),
        ("bytes=0-1,3-3", 200, "home", None),
    ],
)
def test_parts(client: httpx.Client, asked: str, status: int, text: str, said: str | None) -> None:
    answer = client.get("/", headers={"Range": asked})
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers.get("content-range") == said
    assert client.get("/", headers={"Range": asked, "If-Range": '"old"'}).text == "home"


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("gone", 'The publish directory "gone" does not exist in the root directory'),
        ("..", 'The publish directory ".." leads out of the root directory'),
    ],
)
def test_a_folder_that_cannot_be_served(place: Path, folder: str, said: str) -> None:
    command = [sys.executable, "-I", static_server.__file__, "--", folder]
    ended = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(said)


def test_the_fallback_and_a_page_of_its_own_for_404(place: Path) -> None:
    with serving(place, "--fallback") as client:
        assert client.get("/users/7").text == "home"
        assert client.get("/users/").text == "home"
        assert client.get("/assets/gone.js").status_code == 404
        (place / "404.html").write_text("lost")
        answer = client.get("/gone.js")
        assert (answer.status_code, answer.text) == (404, "lost")
        (place / "404.html").unlink()
