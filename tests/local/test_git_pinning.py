"""Git connects to the address that was checked, whatever the name resolves to later."""

from pathlib import Path

from chalicelib.engines.base import Stage
from chalicelib.security.egress import check_git_url
from tests.local.conftest import WEB, Supervised, make_repository
from tests.local.git_server import serving


def test_the_checked_address_is_connected_to(supervised: Supervised, tmp_path: Path) -> None:
    """The name resolves nowhere; only the pin can lead git to the server."""
    make_repository(tmp_path / "app", WEB)
    with serving(tmp_path) as base:
        port = base.rpartition(":")[2]
        url = f"http://git.example.invalid:{port}/app/.git"
        pinned = f"git.example.invalid:{port}:127.0.0.1"
        _, led = supervised.build(url, pinned=pinned)
        _, lost = supervised.build(url)
    assert led.stage is Stage.BUILT, led.message
    assert lost.stage is Stage.FAILED


def test_what_is_pinned() -> None:
    def pinned(url: str) -> str | None:
        return check_git_url(url, schemes=["http", "file"], allow_loopback=True).pinned

    assert pinned("http://localhost:81/x") in {
        f"localhost:81:{addresses}"
        for addresses in ("127.0.0.1", "[::1],127.0.0.1", "127.0.0.1,[::1]")
    }
    for literal in ("http://127.0.0.1:81/x", "http://[::1]:81/x", "file:///x"):
        assert pinned(literal) is None
