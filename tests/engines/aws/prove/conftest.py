"""A shop of images: a Docker, a public registry with some images, and a private one."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import docker

TREE = ("bin", "tmp")
TOOLS = ("sh", "cat", "env", "httpd", "wget", "grep")


@dataclass(frozen=True)
class Shop:
    """``public`` and ``private`` are registries; only the private one asks who is there."""

    public: str
    private: str


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if lacks := docker.lacking():
        pytest.skip(lacks)
    place = tmp_path_factory.mktemp("docker")
    with pytest.MonkeyPatch.context() as patch, docker.daemon(place / "daemon") as host:
        patch.setenv("DOCKER_HOST", host)
        patch.setenv("DOCKER_BUILDKIT", "1")
        patch.setenv("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        patch.setenv("HOME", str(place))
        public = docker.registry(place / "public")
        with public as open_to_all, docker.registry(place / "private", locked=True) as private:
            made = Shop(open_to_all, private)
            _fill(made, place / "base")
            yield made


def _fill(shop: Shop, place: Path) -> None:
    (place / "bin").mkdir(parents=True)
    (place / "tmp").mkdir()
    (place / "bin" / "busybox").write_bytes(Path("/bin/busybox").read_bytes())
    (place / "bin" / "busybox").chmod(0o755)
    for tool in TOOLS:
        (place / "bin" / tool).symlink_to("busybox")
    subprocess.run(["tar", "-C", place, "-cf", place / "root.tar", *TREE], check=True)
    (place / "Dockerfile").write_text("FROM scratch\nADD root.tar /\n")
    for platform in ("arm64", "amd64"):
        _publish(f"{shop.public}/busybox:{platform}", f"linux/{platform}", place)
    (place / "Dockerfile").write_text("FROM scratch\nCOPY bin/busybox /lambda-adapter\n")
    for platform in ("arm64", "amd64"):
        _publish(f"{shop.public}/adapter:{platform}", f"linux/{platform}", place)


def _publish(name: str, platform: str, place: Path) -> None:
    docker.docker("build", "--quiet", f"--platform={platform}", f"--tag={name}", str(place))
    docker.docker("push", "--quiet", name)
    docker.docker("image", "rm", name)
