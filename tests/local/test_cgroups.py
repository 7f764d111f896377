"""Control groups: what the kernel holds a command to, without a sandbox and without a watchdog."""

import asyncio
import subprocess
from pathlib import Path

import psutil
import pytest

from local.supervisor import cgroups, commands
from local.supervisor.cgroups import Group
from local.supervisor.limits import Allowance
from tests.local.conftest import until

pytestmark = pytest.mark.skipif(
    not cgroups.are_there(), reason="control groups cannot be made on this machine"
)
LITTLE = Allowance("The app", processes=10, memory_bytes=32 << 20, disk_bytes=0)


def ended(script: str, place: Path) -> tuple[int, str | None]:
    """Run a script to its end: its status, and for what it was ended."""

    async def run() -> tuple[int, str | None]:
        command = await commands.spawn(
            ["/bin/sh", "-c", script],
            run=str(place),
            cwd=place,
            env={"PATH": "/usr/bin:/bin"},
            write=lambda _: True,
            allowed=LITTLE,
        )
        try:
            return await command.wait(), command.verdict
        finally:
            await command.kill()

    return asyncio.run(run())


def sleepers(seconds: int) -> list[psutil.Process]:
    wanted = ["sleep", str(seconds)]
    return [each for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == wanted]


def test_a_daemon_without_a_name_is_ended_with_its_run(tmp_path: Path) -> None:
    begun = "until pgrep -xf 'sleep 7117'; do :; done"
    script = f"(setsid -f env -i PATH=/usr/bin:/bin sleep 7117); {begun}"
    assert ended(script, tmp_path) == (0, None)
    assert sleepers(7117) == []


def test_no_more_processes_than_are_allowed(tmp_path: Path) -> None:
    status, verdict = ended("for i in $(seq 100); do sleep 7118 & done", tmp_path)
    assert status != 0
    assert str(verdict).startswith("The app started more than 40 processes and threads")
    assert sleepers(7118) == []


def test_no_more_memory_than_is_allowed(tmp_path: Path) -> None:
    _, verdict = ended("head -c 300000000 /dev/zero | tail", tmp_path)
    if verdict is None:
        pytest.skip("this machine lets us bound no memory")
    assert verdict.startswith("The app used more than 32 MiB of memory")


def test_nothing_is_left_of_a_supervisor_that_is_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setattr("os.getpid", lambda: gone.pid)
    group = Group.make(LITTLE)
    assert group
    with subprocess.Popen(group.around(["sleep", "7119"])):
        until(group.members)
        cgroups.clear()
    assert group.members() == []
    assert group.remove()
