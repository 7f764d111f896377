"""The builder of images as CodeBuild runs it: what Docker is told, and who logs in when."""

import os
from pathlib import Path

import pytest

from chalicelib.engines.base import Build
from tests.engines.aws.conftest import Shelf, commit
from tests.engines.aws.test_builder import build_of, run

DOCKER = """#!/bin/sh
case "$1" in login) said=$(cat);; *) said=;; esac
echo "$@ stdin=$said" >> "$CALLS"
test "$1" = image && cat <<END
[{"Os": "linux", "Architecture": "arm64", "Size": 9, "Config": {"Cmd": ["/app"]}}]
END
exit 0
"""
REGISTRY = {
    "image": "registry.example.com/app:dep_1",
    "user": "AWS",
    "password": "secret",
    "adapter": "adapter:1",
}


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Docker that does nothing, and the file with what it was told."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "docker").write_text(DOCKER)
    (place / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    return tmp_path / "calls"


def test_an_image_is_built_before_anybody_logs_in(
    shelf: Shelf, repository: Path, docker: Path, tmp_path: Path
) -> None:
    (repository / "Dockerfile").write_text("FROM scratch")
    commit(repository)
    wanted = build_of(repository, dockerfile_path="Dockerfile", environment={"PATH": "/evil"})
    result, said = run(shelf, tmp_path / "task", kind="image", build=wanted, **REGISTRY)
    assert result == {"commit": result["commit"], "is_image": True, "has_command": True}, said
    told = docker.read_text().splitlines()
    assert [line.split()[0] for line in told] == ["build", "image", "build", "login", "push"]
    assert told[0].startswith(f"build --platform=linux/arm64 --file={tmp_path}/task/Dockerfile")
    assert told[3].endswith("--password-stdin registry.example.com stdin=secret")
    assert "secret" not in said + "".join(told).replace("stdin=secret", "")


def test_an_image_is_pulled_without_a_repository(
    shelf: Shelf, docker: Path, tmp_path: Path
) -> None:
    wanted = Build("dep_1", "svc_1", "job_1", "", "", image_ref="nginx:1")
    result, _ = run(shelf, tmp_path / "task", kind="image", build=wanted, **REGISTRY)
    assert (result["commit"], result["is_image"]) == (None, True)
    first, *_ = docker.read_text().splitlines()
    assert first == "pull --platform=linux/arm64 nginx:1 stdin="


def test_a_pre_deploy_command_of_an_image(shelf: Shelf, docker: Path, tmp_path: Path) -> None:
    wanted = Build("dep_1", "svc_1", "job_1", "", "")
    given = {**REGISTRY, "command": "migrate; id"}
    result, _ = run(shelf, tmp_path / "task", kind="image_pre_deploy", build=wanted, **given)
    assert result == {}
    image = REGISTRY["image"]
    assert docker.read_text().splitlines()[1:] == [
        f"pull --platform=linux/arm64 {image} stdin=",
        f"run --rm --entrypoint=/bin/sh {image} -c migrate; id stdin=",
    ]
