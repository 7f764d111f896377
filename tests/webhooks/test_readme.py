"""The receivers in the README, as they are there."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.client import Client, Queue
from tests.webhooks.conftest import log, new, send_test

README = Path(__file__).parents[2] / "README.md"
PROGRAMS = {"js": ["node", "-e"], "python": [sys.executable, "-c"]}


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_receiver_of_the_readme(ada: Client, queue: Queue, language: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    webhook = new(ada, f"http://127.0.0.1:{port}/")
    for secret, status in ((webhook["secret"], 204), ("whsec_b3RoZXI=", 401)):
        with _receiving(language, port, secret):
            send_test(ada, webhook)
            queue.run_once()
        assert _last(ada, webhook)["status_code"] == status


def _last(ada: Client, webhook: dict[str, Any]) -> Any:
    return log(ada, webhook)[0]["attempts"][0]


@contextmanager
def _receiving(language: str, port: int, secret: str) -> Iterator[None]:
    found = re.search(rf"```{language}\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert found
    process = subprocess.Popen(
        [*PROGRAMS[language], found[1]],
        env={**os.environ, "PORT": str(port), "WEBHOOK_SECRET": secret},
    )
    try:
        while process.poll() is None and not _is_open(port):
            pass
        yield
    finally:
        process.kill()
        process.wait()


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
