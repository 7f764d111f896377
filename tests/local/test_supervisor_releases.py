"""Releases, driven over the socket of a real supervisor."""

import asyncio
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.engines.base import Stage
from local.doors import Doors
from local.supervisor import cgroups, commands
from local.supervisor.health import HealthCheck
from tests.local.conftest import APP, WEB, Supervised, processes_of, until


@pytest.fixture(scope="module")
def hasty() -> Iterator[Supervised]:
    """A supervisor that does not wait long for an app."""
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")), ["--start-seconds=2.5"])
    yield made
    made.close()
    shutil.rmtree(made.state)


def serve(port: str) -> dict[str, str]:
    """A tree whose app listens wherever ``port`` says."""
    return {"app.py": APP.replace('int(os.environ["PORT"])', port)}


def failed(supervised: Supervised, files: dict[str, str], **fields: object) -> str:
    release, progress = supervised.run(files, **fields)
    assert progress.stage is Stage.FAILED
    assert processes_of(release.release_id) == []
    assert "Failed:" in supervised.log(release)
    return progress.message or ""


def test_an_app_gets_its_environment(supervised: Supervised) -> None:
    release, progress = supervised.run(
        WEB, environment={"GREETING": "hi", "PATH": "/usr/bin:/bin"}, health_check_path="/health"
    )
    assert progress.stage is Stage.HEALTHY, progress.message
    (app,) = [each for each in processes_of(release.release_id) if "python" in each.name()]
    environment = app.environ()
    assert supervised.ask(supervised.numbers(release)[0], "/GREETING") == "hi"
    assert environment["NODE_ENV"] == "production"
    assert environment["VIRTUAL_ENV"].endswith("/.venv")
    assert not [name for name in environment if name.startswith(("AWS_", "PIP_", "npm_config"))]
    assert not [n for n in environment if n.startswith("ORBITRA_") and n != "ORBITRA_RUN"]


def test_repeated_calls_start_once(supervised: Supervised) -> None:
    release, progress = supervised.run(WEB)
    assert supervised.engine.start(release) == progress
    assert supervised.log(release).count("Z listening\n") == 1


def test_what_was_ended_never_starts_again(supervised: Supervised) -> None:
    release, _ = supervised.run(WEB)
    for _ in range(2):
        supervised.engine.cancel_release(release.release_id)
        assert supervised.engine.start(release).message == "The release was stopped."
    assert processes_of(release.release_id) == []
    assert supervised.log(release).count("Z listening\n") == 1


def test_logs_by_tail_and_time(supervised: Supervised) -> None:
    release, _ = supervised.run(
        WEB, start_command="printf 'one\\ntwo\\n'; sleep 1.1; exec python app.py"
    )
    host = supervised.host(release)
    page = supervised.engine.logs(release.service_id, 2, None)
    assert page.text.splitlines()[0].endswith("Z listening")
    assert page.container_id == release.release_id
    first, *_, last = supervised.log(release).splitlines()
    later = supervised.engine.logs(release.service_id, 100, int(time.time())).text
    assert first not in later
    assert "Z two\n" in supervised.log(release)
    assert last.startswith("20")
    assert host


def test_an_app_that_dies_at_start(supervised: Supervised) -> None:
    message = failed(supervised, {"app.py": "import flask_of_nowhere"})
    assert "exit code 1" in message
    assert 'Add the package that provides "flask_of_nowhere" to requirements.txt' in message
    assert "ModuleNotFoundError" in message


def test_an_app_that_is_killed(supervised: Supervised) -> None:
    assert "signal SIGKILL" in failed(supervised, {"Procfile": "web: kill -9 $$"})


def test_a_missing_start_command(supervised: Supervised) -> None:
    assert '"gunicorn-of-nowhere" was not found' in failed(
        supervised, {"Procfile": "web: gunicorn-of-nowhere app:app"}
    )


def test_nothing_to_start(supervised: Supervised) -> None:
    assert "no package.json" in failed(supervised, {"readme": ""})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"Procfile": "web: sleep 60"}, "did not listen on a port within 2.5 seconds"),
        (
            serve("31999"),
            "listens on 31999; listen on the port in the environment variable PORT, which",
        ),
        (
            {"app.py": serve('int(os.environ["PORT"])')["app.py"].replace("0.0.0.0", "127.0.0.3")},
            "listens on 127.0.0.3 only; listen on 0.0.0.0",
        ),
    ],
)
def test_an_app_that_does_not_serve(hasty: Supervised, files: dict[str, str], said: str) -> None:
    assert said in failed(hasty, files)


def test_a_health_check_that_fails(hasty: Supervised) -> None:
    files = {"app.py": APP.replace("200", "503")}
    message = failed(hasty, files, health_check_path="/ready")
    assert "/ready did not answer 200 within 2.5 seconds; its last answer was 503" in message


def test_another_process_on_the_port_is_not_the_app(tmp_path: Path) -> None:
    async def passes(port: int) -> None:
        command = await commands.spawn(
            ["sleep", "60"], run=str(tmp_path), cwd=tmp_path, env={}, write=lambda _: True
        )
        try:
            check = HealthCheck(command, port, None, Doors(tmp_path / "s").to(port))
            await asyncio.wait_for(check.passes(), 0.5)
        finally:
            await command.kill()

    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(TimeoutError):
        asyncio.run(passes(other.getsockname()[1]))


@pytest.mark.skipif(not cgroups.are_there(), reason="no control groups: it is not known as the app")
def test_a_server_that_has_left_its_session_is_the_app(hasty: Supervised) -> None:
    stray = "env -u ORBITRA_RUN setsid -f python app.py"
    release, progress = hasty.run(WEB, start_command=f"{stray}; sleep 60")
    assert progress.stage is Stage.HEALTHY, progress.message
    (number,) = hasty.numbers(release)
    assert hasty.ask(number, "/") == "hello"
    hasty.engine.cancel_release(release.release_id)
    with pytest.raises(ConnectionRefusedError):
        hasty.ask(number, "/")


def test_the_pre_deploy_command(supervised: Supervised) -> None:
    release, progress = supervised.run(
        WEB, pre_deploy_command="echo migrated $DB", environment={"DB": "main"}
    )
    assert progress.stage is Stage.HEALTHY
    log = supervised.log(release)
    assert log.index("Z migrated main") < log.index("Z listening")
    message = failed(supervised, WEB, pre_deploy_command="echo no table; exit 4")
    assert "The pre-deploy command ended with exit code 4." in message
    assert "no table" in message


def test_a_cancelled_release_leaves_no_process_and_never_starts(supervised: Supervised) -> None:
    release, _ = supervised.run(
        WEB, start_command="trap '' TERM; (setsid -f sleep 71); sleep 72 & python app.py"
    )
    supervised.engine.cancel_release(release.release_id)
    assert processes_of(release.release_id) == []
    assert supervised.engine.start(release).stage is Stage.FAILED
    supervised.engine.cancel_release("rel_unknown")


def test_retiring_all_keeps_the_host_known(supervised: Supervised) -> None:
    release, _ = supervised.run(WEB)
    host = supervised.host(release)
    supervised.engine.retire(release.service_id, None)
    until(lambda: not processes_of(release.release_id))
    assert supervised.engine.logs(release.service_id, 1, None).container_id is None
    until(lambda: "Stopped" in supervised.log(release))
    with supervised.http.stream("GET", "/routes") as response:
        first = next(response.iter_lines())
    assert f'"{host}": {{"instances": [], "state": "stopped"}}' in first


def test_retiring_leads_back_to_what_is_kept(supervised: Supervised) -> None:
    build, _ = supervised.build(supervised.repository(WEB))
    first, second = (supervised.start(build)[0] for _ in range(2))
    supervised.host(first)
    supervised.host(second)
    supervised.engine.retire(first.service_id, first.release_id)
    page = supervised.engine.logs(first.service_id, 1, None)
    assert page.container_id == first.release_id
    until(lambda: not processes_of(second.release_id))
    assert processes_of(first.release_id)


def test_removing_a_service(supervised: Supervised) -> None:
    release, _ = supervised.run(WEB)
    host = supervised.host(release)
    supervised.engine.remove(release.service_id)
    assert processes_of(release.release_id) == []
    assert supervised.log(release) == ""
    assert supervised.engine.build_log(release.deployment_id) == ""
    assert not (supervised.state / "run/artifacts" / release.deployment_id).exists()
    with supervised.http.stream("GET", "/routes") as response:
        assert host not in next(response.iter_lines())


def test_an_app_that_floods_its_log(supervised: Supervised) -> None:
    flood = APP.replace('print("listening")', 'print("y" * 40 * 10**6); print("listening")')
    release, progress = supervised.run({"app.py": flood})
    assert progress.stage is Stage.HEALTHY, progress.message
    assert len(supervised.engine.logs(release.service_id, 100_000, None).text) < 2_500_000
