"""The running product: a process gets exactly what ``resolved`` said, and no file holds it."""

import secrets
from collections.abc import Iterator
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.local.conftest import until
from tests.local.test_run import Run, repository, running

SCOPES = ("production", "staging", "development")
SUBSETS = list(chain.from_iterable(combinations(SCOPES, size) for size in range(1, 4)))
CANARY = "canary-" + secrets.token_hex(8)
VALUES = {
    "EMPTY": "",
    "SPACES": "  leading and trailing \t",
    "LINES": "one\ntwo\r\n\nthree\n",
    "QUOTES": "'single' \"double\" `echo no` \\ \\n",
    "DOLLARS": "$HOME ${PATH} $(id) %s a=b=c # no comment",
    "LETTERS": "grüß dich, 你好, 🚀",
    "CONTROL": "".join(map(chr, range(1, 32))) + "\x7f\x85",
    "LARGE": "ü" * (50 * 1024),
    "CANARY": CANARY,
    "MASKED": "*******",
}


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def run(state: Path) -> Iterator[Run]:
    with running(state) as started:
        yield started


def ask(run: Run, method: str, path: str, body: Any = None) -> Any:
    reply = run.api.request(method, path, json=body)
    assert reply.is_success, reply.text
    return reply.json()


def configured(run: Run, place: Path) -> str:
    """A service in staging with a secret for each set of scopes; its path."""
    body = {"name": "api", "environment": "staging", "git_repository_url": f"file://{place}"}
    service = ask(run, "POST", "/api/web-services", body)
    path = f"/api/web-services/{service['id']}"
    project = f"/api/projects/{service['project_id']}/secrets"
    rows = [
        {"key": "_".join(scopes), "scope": scope, "value": f"{CANARY} of {scope} in {scopes}"}
        for scopes in SUBSETS
        for scope in scopes
    ]
    made = ask(run, "PUT", f"{project}/bulk", {"secrets": rows})["secrets"]
    ids = {row["key"]: row["id"] for row in made}
    bindings = [{"project_secret_id": one} for one in ids.values()]
    bindings.append({"project_secret_id": ids["staging"], "alias_key": "ALIAS"})
    ask(run, "PUT", f"{path}/secret-bindings/bulk", {"bindings": bindings})
    values = {**VALUES, "production_staging": "mine", "production": CANARY}
    variables = [{"key": k, "value": value, "is_secret": True} for k, value in values.items()]
    ask(run, "PUT", f"{path}/env/bulk", {"variables": variables})
    return path


def resolved(run: Run, path: str) -> dict[str, str]:
    rows = ask(run, "GET", f"{path}/secret-bindings/resolved?reveal=true")["variables"]
    return {row["key"]: row["value"] for row in rows}


def processes(run: Run, release: str) -> list[psutil.Process]:
    """The processes of the app itself that a release has."""
    found = psutil.Process(run.process.pid).children(recursive=True)
    return [one for one in found if is_app(one) and f"/{release}/" in environ(one)["ORBITRA_RUN"]]


def is_app(process: psutil.Process) -> bool:
    try:
        return process.cmdline()[-1:] == ["app.py"] and "PORT" in environ(process)
    except (psutil.Error, OSError):
        return False


def environ(process: psutil.Process) -> dict[str, str]:
    """What the kernel holds of its environment."""
    raw = Path(f"/proc/{process.pid}/environ").read_bytes()
    pairs = (part.partition(b"=") for part in raw.split(b"\0") if part)
    return {key.decode(): value.decode() for key, _, value in pairs}


def assert_same(run: Run, path: str, said: dict[str, str], release: str) -> None:
    until(lambda: ask(run, "GET", path)["status"] == "running")
    [process] = processes(run, release)
    got = environ(process)
    assert {key: got.get(key) for key in said} == said
    given = {*VALUES, "ALIAS", *("_".join(scopes) for scopes in SUBSETS)}
    assert got.keys() & given == said.keys() & given
    assert not ask(run, "GET", path)["config_pending"]


def test_what_was_resolved_is_what_the_process_gets(run: Run, state: Path, tmp_path: Path) -> None:
    path = configured(run, repository(tmp_path / "app"))
    said = resolved(run, path)
    assert said == {**said, **VALUES, "production_staging": "mine", "production": CANARY}
    assert said["ALIAS"] == said["staging"] == f"{CANARY} of staging in ('staging',)"
    assert "development" not in said
    deployment = ask(run, "POST", f"{path}/deploy", {})["id"]
    done = ask(run, "GET", f"/v1/deployments/{deployment}?wait=25")
    assert done["status"] == "live", done
    assert_same(run, path, said, f"{done['id']}-1")
    for number, environment in enumerate(("development", "production", "staging"), 2):
        assert ask(run, "PATCH", path, {"environment": environment})["config_pending"]
        said = resolved(run, path)
        assert ("development" in said) == (environment == "development")
        assert ("staging" in said) == (environment != "production")
        ask(run, "POST", f"{path}/restart")
        assert_same(run, path, said, f"{done['id']}-{number}")
    assert_kept_nowhere(run, state, deployment, path)


def assert_kept_nowhere(run: Run, state: Path, deployment: str, path: str) -> None:
    """No file of the platform, no command line and no log holds what is secret."""
    canary = CANARY.encode()
    files = [file for file in state.rglob("*") if file.is_file() and not file.is_symlink()]
    assert any(file.name.startswith("journal") for file in files)
    assert [file for file in files if canary in file.read_bytes()] == []
    lines = Path("/proc").glob("[0-9]*/cmdline")
    assert [line for line in lines if canary in read(line)] == []
    shown = ask(run, "GET", f"{path}/deployments/{deployment}")["build_logs"]
    assert CANARY not in shown + ask(run, "GET", f"{path}/logs?tail=1000")["logs"]


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
