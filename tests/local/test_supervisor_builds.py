"""Builds, driven over the socket of a real supervisor."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chalicelib.engines.base import Stage
from tests.local.conftest import BARE, WEB, Supervised, make_repository, processes_of, until
from tests.local.git_server import serving
from tests.prove import PROVE

ENDLESS = 100_000_000 if PROVE else 10_000_000


def failed(supervised: Supervised, url: str, **fields: object) -> str:
    build, progress = supervised.build(url, **fields)
    assert progress.stage is Stage.FAILED
    assert not (supervised.state / "run/artifacts" / build.deployment_id).exists()
    assert progress.message
    assert progress.message.splitlines()[0] in supervised.engine.build_log(build.deployment_id)
    return progress.message


def test_a_build(supervised: Supervised) -> None:
    url = supervised.repository({**WEB, "build.sh": "echo built with $COLOUR; env > env"})
    build, progress = supervised.build(
        url, build_command="sh build.sh", environment={"COLOUR": "blue", "NODE_ENV": "production"}
    )
    assert (progress.stage, len(progress.commit or "")) == (Stage.BUILT, 40)
    assert "Z built with blue\n" in supervised.engine.build_log(build.deployment_id)
    tree = supervised.state / "run/artifacts" / build.deployment_id
    assert not (tree / ".git").exists()
    environment = dict(line.split("=", 1) for line in (tree / "env").read_text().splitlines())
    assert "operator" not in environment.values()
    assert environment["HOME"].startswith(str(supervised.state))
    assert environment["npm_config_include"] == "dev"
    assert environment["PATH"].startswith(f"{tree}/.venv/bin:")


def test_repeated_calls_build_once(supervised: Supervised) -> None:
    url = supervised.repository({"a": "", "Procfile": "web: x"})
    build, progress = supervised.build(url, build_command="echo once")
    assert supervised.engine.build(build) == progress
    assert supervised.engine.build_log(build.deployment_id).count("Z once\n") == 1


def test_a_repository_of_another_user(supervised: Supervised) -> None:
    url = supervised.repository(WEB)
    if os.getuid() == 0:
        place = Path(url.removeprefix("file://"))
        for path in (place, place / ".git"):
            shutil.chown(path, 12345)
    _, progress = supervised.build(url)
    assert progress.stage is Stage.BUILT, progress.message


def test_a_broken_build(supervised: Supervised) -> None:
    message = failed(supervised, supervised.repository(BARE), build_command="echo oh no; exit 3")
    assert "exit code 3" in message
    assert "oh no" in message


def test_an_unknown_command(supervised: Supervised) -> None:
    message = failed(supervised, supervised.repository(BARE), build_command="frobnicate")
    assert 'The command "frobnicate" was not found' in message


def test_a_missing_branch(supervised: Supervised) -> None:
    url = supervised.repository(WEB)
    message = failed(supervised, url, branch="nope")
    assert (
        message == f'The branch "nope" does not exist in {url}; push it, or deploy another branch.'
    )


@pytest.mark.parametrize("branch", ["--upload-pack=touch x", "$(id)", "`id`", "main;id"])
def test_branches_that_look_like_something_else(supervised: Supervised, branch: str) -> None:
    message = failed(supervised, supervised.repository(WEB), branch=branch)
    assert f'The branch "{branch}" does not exist' in message


def test_an_empty_repository(supervised: Supervised) -> None:
    url = supervised.repository({"a": ""})
    shutil.rmtree(f"{url.removeprefix('file://')}/.git/refs/heads")
    os.makedirs(f"{url.removeprefix('file://')}/.git/refs/heads")
    assert "is empty; push a branch" in failed(supervised, url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///nowhere/at/all", "There is no repository at file:///nowhere/at/all"),
        ("ext::sh -c true", "cannot be cloned over this protocol"),
        ("ssh://git@example.com/x", "cannot be cloned over this protocol"),
        ("http://user:hunter2@127.0.0.1:9/x.git", "could not be reached"),
    ],
)
def test_unreachable_repositories(supervised: Supervised, url: str, said: str) -> None:
    build, progress = supervised.build(url)
    assert said in (progress.message or "")
    told = (progress.message or "") + supervised.engine.build_log(build.deployment_id)
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("gone", "does not exist"),
        ("../..", "leads out"),
        ("link", "leads out"),
        ("up", "leads out"),
    ],
)
def test_root_directories(supervised: Supervised, root: str, said: str) -> None:
    url = supervised.repository(WEB)
    place = Path(url.removeprefix("file://"))
    (place / "link").symlink_to("/tmp")
    (place / "up").symlink_to("../..")
    commit(place)
    assert said in failed(supervised, url, root_directory=root)


def commit(place: Path) -> None:
    os.system(f"cd {place} && git add -A && git -c user.name=A -c user.email=a@b commit -qm l")


def test_a_procfile_that_is_elsewhere(supervised: Supervised, tmp_path: Path) -> None:
    (tmp_path / "commands").write_text("web: echo theirs")
    url = supervised.repository(BARE)
    (Path(url.removeprefix("file://")) / "Procfile").symlink_to(tmp_path / "commands")
    commit(Path(url.removeprefix("file://")))
    build, _ = supervised.build(url)
    _, progress = supervised.start(build)
    assert "nothing here that says how to start" in (progress.message or "")


@pytest.mark.parametrize(
    ("path", "url"),
    [("sub", "file:///etc"), ("../../out", "{inner}"), ("sub", "http://169.254.169.254/x")],
)
def test_submodules_are_left_out(
    supervised: Supervised, tmp_path: Path, path: str, url: str
) -> None:
    inner = make_repository(tmp_path / "inner", {"secret": "s3cret"})
    outer = supervised.repository(BARE)
    place = Path(outer.removeprefix("file://"))
    where = f'[submodule "s"]\n\tpath = {path}\n\turl = {url.format(inner=inner)}\n'
    (place / ".gitmodules").write_text(where)
    entry = f"160000,{'1' * 40},sub"
    subprocess.run(["git", "update-index", "--add", "--cacheinfo", entry], cwd=place, check=True)
    commit(place)
    build, progress = supervised.build(outer)
    assert progress.stage is Stage.BUILT, progress.message
    tree = supervised.state / "run/artifacts" / build.deployment_id
    assert not any((tree / "sub").glob("*"))
    assert not (supervised.state / "run/out").exists()


def test_a_redirect_is_not_followed(supervised: Supervised, tmp_path: Path) -> None:
    make_repository(tmp_path / "app", WEB)
    with serving(tmp_path) as base, redirecting(f"{base}/app/.git") as elsewhere:
        assert "has moved" in failed(supervised, f"{elsewhere}/repo.git")


@contextmanager
def redirecting(to: str) -> Iterator[str]:
    """The URL of a server that sends everyone elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", to + self.path.removeprefix("/repo.git"))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_root_directory(supervised: Supervised) -> None:
    url = supervised.repository({f"api/{name}": text for name, text in WEB.items()})
    build, progress = supervised.build(url, root_directory="/api/")
    assert progress.stage is Stage.BUILT
    assert (supervised.state / "run/artifacts" / build.deployment_id / "api/.venv").is_dir()


def test_cancelling_leaves_nothing(supervised: Supervised) -> None:
    # One child in the group, one that has left the group, one that nobody waits for.
    command = "echo begun; sleep 61 & setsid sleep 62 & (setsid -f sleep 63); sleep 64"
    build = supervised.begin_build(supervised.repository(BARE), build_command=command)
    until(lambda: len(processes_of(build.deployment_id)) >= 5)
    supervised.engine.cancel(build.deployment_id)
    assert processes_of(build.deployment_id) == []
    assert not (supervised.state / "run/artifacts" / build.deployment_id).exists()
    assert supervised.engine.build(build).stage is Stage.FAILED
    assert "begun" in supervised.engine.build_log(build.deployment_id)


def test_a_build_step_leaves_no_process(supervised: Supervised) -> None:
    build, progress = supervised.build(
        supervised.repository(BARE), build_command="(setsid -f sleep 65); echo done"
    )
    assert progress.stage is Stage.BUILT
    assert processes_of(build.deployment_id) == []


def test_output_without_end_is_bounded(supervised: Supervised) -> None:
    command = f"head -c {ENDLESS} /dev/zero | tr '\\0' 'y'; yes | head -c {ENDLESS}; echo; exit 7"
    build, progress = supervised.build(supervised.repository(BARE), build_command=command)
    assert "exit code 7" in (progress.message or "")
    log = supervised.engine.build_log(build.deployment_id)
    assert len(log) < 500_000
    assert "The log is cut here" in log
    assert "Failed:" in log


def test_only_the_last_artifacts_are_kept(place: Path) -> None:
    supervised = Supervised(place, ["--artifacts-kept=2"])
    try:
        url = supervised.repository(WEB)
        first, _ = supervised.build(url, service_id="srv_a")
        release, healthy = supervised.start(first)
        assert healthy.stage is Stage.HEALTHY
        others = [supervised.build(url, service_id="srv_a")[0] for _ in range(4)]
        kept = {each.deployment_id for each in [first, *others[-2:]]}
        until(lambda: kept == {path.name for path in (place / "run/artifacts").iterdir()})
        assert supervised.start(others[0])[1].stage is Stage.FAILED
        assert supervised.engine.build(first).stage is Stage.BUILT
        supervised.engine.remove("srv_a")
        assert list((place / "run/artifacts").iterdir()) == []
        assert processes_of(release.release_id) == []
    finally:
        supervised.close()


def test_a_build_that_takes_too_long(place: Path) -> None:
    supervised = Supervised(place, ["--build-seconds=1.2"])
    try:
        build, progress = supervised.build(
            supervised.repository({"a": ""}), build_command="sleep 60"
        )
        assert "took longer than 0.02 minutes" in (progress.message or "")
        assert processes_of(build.deployment_id) == []
    finally:
        supervised.close()


def test_ids_are_not_paths(supervised: Supervised) -> None:
    body = {"service_id": "../x", "job_id": "j", "git_url": "u", "branch": "b"}
    assert supervised.http.put("/builds/dep_1", json=body).status_code == 400
    assert supervised.http.put("/builds/..%2Fx", json=body).status_code in {400, 404}
    assert supervised.http.put("/builds/dep_1", json=[]).status_code == 400
    answer = supervised.http.put("/builds/d", json={"environment": {"A": {"B": "hunter2"}}})
    assert answer.status_code == 400
    assert "hunter2" not in answer.text


def test_an_unknown_build_has_an_empty_log(supervised: Supervised) -> None:
    assert supervised.engine.build_log("dep_unknown") == ""
