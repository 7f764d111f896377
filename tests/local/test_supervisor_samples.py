"""The samples, built by npm and pip and fetched through the proxy."""

from pathlib import Path

import pytest

from chalicelib.engines.base import Stage
from tests.local.conftest import Proxied, Supervised

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.parametrize("name", ["node-hello", "python-hello"])
def test_a_sample(supervised: Supervised, proxied: Proxied, name: str) -> None:
    files = {path.name: path.read_text() for path in (SAMPLES / name).iterdir() if path.is_file()}
    build, progress = supervised.build(supervised.repository(files))
    assert progress.stage is Stage.BUILT, progress.message
    release, progress = supervised.start(
        build, health_check_path="/health", environment={"GREETING": "Grüße <b>"}
    )
    assert progress.stage is Stage.HEALTHY, progress.message
    host = proxied.knows(supervised.host(release))
    page = proxied.get(host)
    assert "Grüße &lt;b&gt;" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert proxied.get(host, "/health").json() == {"status": "ok"}


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (SAMPLES / "node-hello/package-lock.json").read_text()
