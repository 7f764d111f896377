"""The builder as CodeBuild runs it: real git, real builds, a bucket of HTTP."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import honcho
import httpx
import pytest

from chalicelib.buildpacks.failures import Failure
from chalicelib.engines.aws import buildspec, functions, layers, packages, programs
from chalicelib.engines.aws.builder import packing
from chalicelib.engines.base import Build, Release
from tests.engines.aws.conftest import Shelf, commit
from tests.local.conftest import until


def run(shelf: Shelf, tree: Path, **order: Any) -> tuple[dict[str, Any], str]:
    """Run both phases as the buildspec does; the builder's word, and what it printed."""
    given = {"schemes": ["file"], "artifact_url": f"{shelf.url}/artifact", **order}
    given["build"] = asdict(given["build"])
    shelf.kept["/order"] = json.dumps({**given, "result_url": f"{shelf.url}/result"}).encode()
    builder = tree.parent / "builder.zip"
    builder.write_bytes(buildspec.builder())
    library = tree.parent / "library"
    library.mkdir(exist_ok=True)
    if not (library / "honcho").exists():
        (library / "honcho").symlink_to(Path(honcho.__file__).parent)
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME")},
        "CALLS": str(tree.parent / "calls"),
        "PYTHONPATH": f"{builder}:{library}",
        "ORBITRA_ORDER_URL": f"{shelf.url}/order",
        "ORBITRA_TREE": str(tree),
        "AWS_SECRET_ACCESS_KEY": "of-the-role",
    }
    said = ""
    for phase in ("clone", "build"):
        command = [sys.executable, "-S", "-m", "chalicelib.engines.aws.builder", phase]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, cwd="/", check=False, timeout=60
        )
        said += done.stdout + done.stderr
        if done.returncode:
            break
    return json.loads(shelf.kept["/result"]), said


def build_of(repository: Path, **more: Any) -> Build:
    return Build("dep_1", "svc_1", "job_1", f"file://{repository}", "main", **more)


def test_an_app_is_built_and_starts(shelf: Shelf, repository: Path, tmp_path: Path) -> None:
    tree = tmp_path / "task"
    result, said = run(shelf, tree, kind="build", build=build_of(repository))
    assert result["start"] == "python app.py", said
    assert result["runtime"] == "python3.13"
    assert len(result["commit"]) == 40
    there = tmp_path / "lambda"
    (tmp_path / "zip").write_bytes(shelf.kept["/artifact"])
    packing.unpack(tmp_path / "zip", there)
    assert os.readlink(there / "link") == "app.py"
    assert os.access(there / "run.sh", os.X_OK)
    assert not (there / ".git").exists()
    more_than_a_function_takes = {"WHO": "it's me", "LONG": "x" * 100_000}
    with on_lambda(there, result, environment=more_than_a_function_takes) as app:
        assert app.get("/").text == "it's me 100000"


def test_pages_are_built_and_served(shelf: Shelf, repository: Path, tmp_path: Path) -> None:
    (repository / "index.html").write_text("home")
    commit(repository)
    command = "rm app.py; mkdir dist; cp index.html dist; echo 1 > dist/a.js; ln -s ../run.sh dist"
    wanted = build_of(repository, build_command=command)
    result, said = run(shelf, tmp_path / "task", kind="build", build=wanted)
    assert (result["start"], result["pages"]) == (None, "."), said
    with on_lambda(tmp_path / "task", result) as visitor:
        assert visitor.get("/dist/").text == "home"
        assert visitor.get("/users/7").status_code == 404
    site = {"project_type": "static_site", "publish_directory": "dist/", "spa": True}
    with on_lambda(tmp_path / "task", result, **site) as visitor:
        assert visitor.get("/users/7").text == visitor.get("/").text == "home"
        script = visitor.get("/a.js")
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        known = {"If-None-Match": script.headers["etag"]}
        assert visitor.get("/a.js", headers=known).status_code == 304
        for path in ("/run.sh", "/%2e%2e/run.sh"):
            assert visitor.get(path).status_code == 404


@contextmanager
def on_lambda(tree: Path, result: dict[str, Any], **more: Any) -> Iterator[httpx.Client]:
    """A release as Lambda starts it, once the Web Adapter finds it ready: its port accepts."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    release = Release("r", "dep_1", "svc_1", "job_1", port, **more)
    program = programs.of(release, result)
    layer = tree.parent / "opt"
    zipfile.ZipFile(io.BytesIO(layers.content(release, program.command))).extractall(layer)
    variables = functions.variables(release, packages.Zip(release, program))
    start = layer / variables["AWS_LAMBDA_EXEC_WRAPPER"].removeprefix("/opt/")
    here = {"/var/task": tree, "/opt": layer, f"/var/lang/bin/{program.runtime}": sys.executable}
    script = start.read_text()
    for there, place in here.items():
        script = script.replace(there, str(place))
    start.write_text(script)
    start.chmod(0o755)
    env = {"PATH": os.environ["PATH"], **variables}
    runtime = ["/var/lang/bin/python3.13", "/var/runtime/bootstrap.py"]
    process = subprocess.Popen([start, *runtime], env=env, cwd="/", start_new_session=True)
    try:
        until(lambda: accepts(int(env["AWS_LWA_PORT"])))
        with httpx.Client(base_url=f"http://127.0.0.1:{env['AWS_LWA_PORT']}") as client:
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_users_command_sees_their_variables_and_nothing_of_ours(
    shelf: Shelf, plain: Path, tmp_path: Path
) -> None:
    wanted = build_of(plain, build_command="env", environment={"MINE": "yes"})
    _, said = run(shelf, tmp_path / "task", kind="build", build=wanted)
    assert "MINE=yes" in said
    assert "of-the-role" not in said
    assert "ORBITRA_" not in said


def test_a_branch_that_is_not_there(shelf: Shelf, repository: Path, tmp_path: Path) -> None:
    wanted = Build("dep_1", "svc_1", "job_1", f"file://u:secret@{repository}", "other")
    result, said = run(shelf, tmp_path / "task", kind="build", build=wanted)
    assert result["phase"] == "clone"
    assert "secret" not in said + json.dumps(result)
    wanted = Build("dep_1", "svc_1", "job_1", f"file://{repository}", "other")
    result, _ = run(shelf, tmp_path / "task", kind="build", build=wanted)
    assert result["failure"].startswith('The branch "other" does not exist in ')


def test_a_command_that_fails_says_how(shelf: Shelf, plain: Path, tmp_path: Path) -> None:
    wanted = build_of(plain, build_command="echo so it is; exit 3")
    result, _ = run(shelf, tmp_path / "task", kind="build", build=wanted)
    assert result["phase"] == "build"
    assert "ended with exit code 3." in result["failure"]
    assert result["failure"].endswith("Its last output:\nso it is")


def test_a_pre_deploy_command_runs_in_what_was_built(
    shelf: Shelf, repository: Path, tmp_path: Path
) -> None:
    run(shelf, tmp_path / "task", kind="build", build=build_of(repository))
    again = build_of(repository, environment={"WHO": "me"})
    command = "cat link | head -1; echo $WHO"
    result, said = run(shelf, tmp_path / "other", kind="pre_deploy", build=again, command=command)
    assert result == {}
    assert "import os, http.server\nme\n" in said


def test_a_tree_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_BYTES", 1024**2)
    (tmp_path / "big").write_bytes(b"x" * (3 * 1024**2))
    with pytest.raises(Failure, match="takes 3 MiB, more than the 1 MiB"):
        packing.check(tmp_path)


def test_the_engine_itself_does_without_honcho() -> None:
    code = "import sys; sys.modules['honcho'] = None; import chalicelib.engines.aws.engine"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_nothing_that_is_set_is_shipped() -> None:
    names = zipfile.ZipFile(io.BytesIO(buildspec.builder())).namelist()
    assert "chalicelib/engines/aws/builder/__main__.py" in names
    assert "chalicelib/settings.py" not in names
    assert f"honcho=={version('honcho')}" in buildspec.TEXT
