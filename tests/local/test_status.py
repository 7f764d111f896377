"""``make status`` on the whole platform as it runs on one machine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.status_view import Access, Service, View, ago, cut, render
from tests.local.conftest import until
from tests.local.test_run import Run, repository, running, start, stop

ACCESS = Access(8000, 8080, "sk_x")
SERVICE = Service("shop", "running", "http://shop.localhost:8080", "1", "", "", "\x1b[2Jhi")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def run(state: Path) -> Iterator[Run]:
    with running(state) as started:
        yield started


def status(state: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local.status", *options],
        env={**os.environ, "ORBITRA_STATE": str(state), "COLUMNS": "90"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_nothing_runs(tmp_path: Path) -> None:
    done = status(tmp_path)
    assert done.returncode == 1
    assert done.stdout == "Orbitra does not run on this machine; start it with: make run\n"


def test_from_nothing_to_a_service(run: Run, state: Path, tmp_path: Path) -> None:
    empty = status(state)
    assert (empty.returncode, empty.stderr) == (0, "")
    lines = empty.stdout[empty.stdout.index("export ORBITRA") :].strip()
    assert "node-hello" in lines
    assert lines in run.banner
    run.deploy("shop", f"file://{repository(tmp_path / 'app')}")
    run.page("shop", "/a")
    text = until(lambda: _holding("==> GET /a 200", status(state).stdout))
    assert "\x1b" not in text
    assert re.search(r"● \S+", text)
    url = rf"http://shop\.localhost:{run.proxy_port}"
    assert re.search(rf"  shop +● running +{url}/? +1 +running \d+ (s|min) ago\n", text)
    assert max(map(len, text.splitlines())) <= 90


def test_watching_ends_with_the_product(tmp_path: Path) -> None:
    place = tmp_path / "state"
    one = start(place)
    watching = subprocess.Popen(
        [sys.executable, "-m", "local.status", "--watch"],
        env={**os.environ, "ORBITRA_STATE": str(place)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout
    seen = [watching.stdout.readline() for _ in range(20)]
    assert sum("ORBITRA" in line for line in seen) >= 2
    one.api.close()
    stop(one.process)
    rest, _ = watching.communicate(timeout=20)
    assert rest.endswith("start it with: make run\n")
    assert watching.returncode == 1


def test_colours() -> None:
    view = View({"API": "operational", "engine": "down"}, [SERVICE], 2)
    text = render(view, ACCESS, "file:///sample", 80, coloured=True)
    assert "\x1b[32m●\x1b[0m API" in text
    assert "\x1b[31m●\x1b[0m engine: down" in text
    assert "\x1b[2J" not in text
    assert "… 2 more" in text


def test_a_line_is_cut_to_its_width() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert cut("a\rb\x07", 6) == "ab"


@pytest.mark.parametrize(
    ("passed", "told"),
    [(5, "5 s ago"), (125, "2 min ago"), (7200, "2 h ago"), (200_000, "2 d ago"), (-3, "0 s ago")],
)
def test_how_long_ago(passed: int, told: str) -> None:
    assert ago((datetime.now(UTC) - timedelta(seconds=passed)).isoformat()) == told


def _holding(text: str, whole: str) -> str:
    return whole if text in whole else ""
