"""A Docker of this test's own, and registries on loopback; its containers have no network.

``apt install docker.io docker-registry busybox-static`` brings what it needs; only root may start
it.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.local.conftest import until
from tests.local.test_run import free_port

PROGRAMS = ("/usr/bin/docker", "/usr/sbin/dockerd", "/usr/bin/docker-registry", "/bin/busybox")
USER, PASSWORD = "AWS", "push-here"
_HASHED = "$2b$05$abcdefghijklmnopqrstuuc22rEvdkB.PgWo0cme7cH7e24NqqrvO"
_REGISTRY = """
version: 0.1
storage: {{filesystem: {{rootdirectory: {place}/data}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_LOCKED = "auth: {{htpasswd: {{realm: here, path: {place}/users}}}}\n"


def lacking() -> str | None:
    """What this machine lacks for it, if anything."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        return f"{', '.join(missing)} missing: apt install docker.io docker-registry busybox-static"
    return None if os.geteuid() == 0 else "only root may start a Docker daemon"


@contextmanager
def daemon(place: Path) -> Iterator[str]:
    """A daemon with nothing in it; the value of ``DOCKER_HOST``."""
    place.mkdir()
    # A socket's path has at most 107 characters, and pytest's folders are deep.
    with _short(place) as short:
        host = f"unix://{short}/socket"
        files = ["--data-root", f"{place}/data", "--exec-root", f"{short}/exec"]
        apart = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"]
        names = ["--containerd-namespace=orbitra", "--containerd-plugins-namespace=orbitra-plugins"]
        where = ["-H", host, "-p", f"{place}/pid", *files, *names]
        with _running([PROGRAMS[1], *where, *apart], place / "log"):
            asked = [PROGRAMS[0], "-H", host, "version"]
            until(
                lambda: subprocess.run(asked, capture_output=True, check=False).returncode == 0, 60
            )
            yield host


@contextmanager
def registry(place: Path, *, locked: bool = False) -> Iterator[str]:
    """A registry on loopback, which Docker takes without TLS; its host and port."""
    place.mkdir()
    port = free_port()
    text = _REGISTRY + (_LOCKED if locked else "")
    (place / "config").write_text(text.format(place=place, port=port))
    (place / "users").write_text(f"{USER}:{_HASHED}\n")
    with _running([PROGRAMS[2], "serve", f"{place}/config"], place / "log"):
        until(lambda: _listens(port), 20)
        yield f"127.0.0.1:{port}"


def docker(*arguments: str) -> str:
    """What Docker answers."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def _short(place: Path) -> Iterator[Path]:
    link = Path("/run") / f"orbitra-{os.getpid()}"
    link.symlink_to(place)
    try:
        yield link
    finally:
        link.unlink()


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
