"""schemathesis against the running product: no 5xx, no answer outside its own description."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.local.test_run import Run, running
from tests.prove import PROVE

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)
LIFTED = {
    "ORBITRA_LIMITS": '{"free": {"hour": null, "ten_minutes": null, "minute": null}}',
    "ORBITRA_ADDRESS_LIMIT": "1000000",
}
PHASES = "examples,coverage,fuzzing,stateful" if PROVE else "examples,coverage"
EXAMPLES = "150" if PROVE else "5"
ENDS_THE_SESSION = ("public_logout", "public_confirm_password_reset")
# What a query is asked besides is passed over; what a body holds besides is refused.
CONFIG = """
[parameters]
"header.X-Workspace-Id" = "{workspace}"

[phases.coverage.generation]
allow-extra-parameters = false
"""


@pytest.fixture(scope="module")
def lifted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The product without limits."""
    with running(tmp_path_factory.mktemp("state"), **LIFTED) as started:
        yield started


def _access_token(run: Run) -> str:
    found = re.search(r"account +(\S+) +password (\S+)", run.banner)
    assert found
    sent = {"email": found[1], "password": found[2]}
    answer = httpx.post(f"{run.api.base_url}/api/auth/login", json=sent)
    token: str = answer.json()["access_token"]
    return token


@pytest.mark.parametrize("caller", ["program", "person"] if PROVE else ["program"])
def test_every_answer_is_as_described(lifted: Run, caller: str, tmp_path: Path) -> None:
    workspace = lifted.api.get("/v1/workspaces").json()["data"][0]["id"]
    (tmp_path / "schemathesis.toml").write_text(CONFIG.format(workspace=workspace))
    credential = lifted.api.headers["authorization"].removeprefix("Bearer ")
    if caller == "person":
        credential = _access_token(lifted)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{lifted.api.base_url}/openapi.json"),
        *("--header", f"Authorization: Bearer {credential}", "--checks", ",".join(CHECKS)),
        *("--phases", PHASES, "--max-examples", EXAMPLES, "--workers", "1", "--no-color"),
        *(one for name in ENDS_THE_SESSION for one in ("--exclude-operation-id", name)),
        *(() if PROVE else ("--seed", "1")),
    ]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:]
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated
    assert int(generated[1]) >= 4000
