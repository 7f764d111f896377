"""What users' code can reach: its own tree, and nothing of the operator's or of its neighbours."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from chalicelib.engines.base import Stage
from local.supervisor import sandbox
from local.supervisor.sandbox import Sandbox
from tests.local.conftest import APP, BARE, Supervised, processes_of

pytestmark = pytest.mark.skipif(
    not sandbox.is_there(), reason="bubblewrap does not work on this machine: there is no sandbox"
)


def said(supervised: Supervised, command: str) -> str:
    """What a command prints when it runs in a build."""
    build, progress = supervised.build(supervised.repository(BARE), build_command=command)
    assert progress.stage is Stage.BUILT, progress.message
    return supervised.engine.build_log(build.deployment_id)


def test_no_file_of_the_operator(supervised: Supervised, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    homes = Path.home() / ".ssh", Path.home() / ".aws", Path.home() / ".netrc", "/etc/shadow"
    tried = "; ".join(f"cat {path} 2>&1; ls {path} 2>&1" for path in (secret, *homes))
    log = said(supervised, f"{tried}; ls {Path(__file__).parents[2]}/app.py 2>&1; true")
    assert "hunter2" not in log
    assert log.count("No such file or directory") == 11


def test_no_file_of_another_service(supervised: Supervised) -> None:
    other, _ = supervised.build(supervised.repository(BARE), build_command="echo s3cret > mine")
    place = supervised.state / "run"
    theirs = place / "artifacts" / other.deployment_id / "mine"
    log = said(supervised, f"cat {theirs} 2>&1; ls {place}/artifacts {place}/caches {place}/homes")
    assert "s3cret" not in log
    assert other.deployment_id not in log.replace(str(theirs), "")


def test_the_system_cannot_be_written(supervised: Supervised) -> None:
    log = said(supervised, "touch /usr/x 2>&1; touch /etc/hosts 2>&1; touch $HOME/ok && echo fine")
    assert log.count("Read-only file system") == 2
    assert "fine" in log


def test_no_process_of_another(supervised: Supervised) -> None:
    log = said(supervised, "ls -d /proc/[0-9]* | wc -l; cat /proc/1/comm; kill -0 -- -1 2>&1; true")
    assert "bwrap" in log
    assert str(os.getpid()) not in said(supervised, "ls /proc")


def test_a_running_app_sees_no_more(supervised: Supervised) -> None:
    release, progress = supervised.run(
        {"app.py": APP}, start_command="ls /work /home /root/.ssh 2>&1; exec python3 app.py"
    )
    assert progress.stage is Stage.HEALTHY, progress.message
    assert "app.py" not in supervised.log(release).replace("exec python3 app.py", "")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CONFIG_FILE"])
def test_a_variable_shows_no_file(supervised: Supervised, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    url = supervised.repository(BARE)
    given = {name: str(secret), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    build, progress = supervised.build(
        url, build_command=f"cat {secret}; printenv {name}", environment=given
    )
    assert progress.stage is Stage.BUILT, progress.message
    log = supervised.engine.build_log(build.deployment_id)
    assert log.count(str(secret)) == 3
    assert "hunter2" not in log


def test_no_command_of_the_users_is_the_sandbox(supervised: Supervised, tmp_path: Path) -> None:
    """What lies first in the app's own PATH is found inside only."""
    mine = tmp_path / "escaped"
    fakes = {f".venv/bin/{name}": f"#!/bin/sh\ntouch {mine}\n" for name in ("bwrap", "prlimit")}
    url = supervised.repository({**BARE, **fakes})
    build, _ = supervised.build(url, build_command="chmod +x .venv/bin/*")
    release, progress = supervised.start(
        build, start_command="bwrap; sleep 60", project_type="worker"
    )
    assert progress.stage is Stage.HEALTHY, progress.message
    assert not mine.exists()
    assert supervised.log(release).count("cannot touch") == 1


def test_a_fork_bomb_is_bounded(supervised: Supervised) -> None:
    bomb = "for i in $(seq 20000); do setsid sleep 60 & done; wait"
    build, progress = supervised.build(supervised.repository(BARE), build_command=bomb)
    assert progress.stage is Stage.FAILED
    assert re.search(
        r"started more than (512 processes|2048 processes and threads) and was ended",
        str(progress.message),
    )
    assert "==> Failed: The build started more" in supervised.engine.build_log(build.deployment_id)
    assert processes_of(build.deployment_id) == []


def test_a_daemon_does_not_outlive_its_build(supervised: Supervised) -> None:
    build, progress = supervised.build(
        supervised.repository(BARE),
        build_command="(setsid -f sleep 77); (setsid -f env -i sleep 78)",
    )
    assert progress.stage is Stage.BUILT
    assert processes_of(build.deployment_id) == []
    assert not any("sleep\x0078" in _command(pid) for pid in _pids())


@pytest.mark.skipif(not sandbox._has_sizes(), reason="this bubblewrap bounds no size")
@pytest.mark.parametrize("place", ["/tmp", "/var/tmp", "/dev/shm", "/"])
def test_what_lies_in_memory_is_bounded(place: Path) -> None:
    fill = ["dd", "if=/dev/zero", f"of={place}/big", "bs=1M", "count=9"]
    launch = Sandbox(room_bytes=4 << 20).around(fill, os.environ, Path("/"))
    tried = subprocess.run(
        launch.arguments, pass_fds=launch.files, check=False, capture_output=True, text=True
    )
    os.close(launch.files[0])
    assert "No space left on device" in tried.stderr


def _pids() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]


def _command(pid: str) -> str:
    try:
        return Path("/proc", pid, "cmdline").read_text()
    except OSError:
        return ""
