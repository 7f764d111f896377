"""An app listens on its service's own port, whatever other apps listen on."""

from typing import Any
from uuid import uuid4

import pytest

from chalicelib import engines, ids
from chalicelib.engines.base import Release, Stage
from local.engine import LocalEngine
from local.supervisor import sandbox
from local.supervisor.outlets import PORT as WAY_OUT
from tests.client import Client, Queue
from tests.local.conftest import APP, BARE, Proxied, Supervised, processes_of, supervision, until
from tests.local.test_diagnosis import Diagnosed

pytestmark = pytest.mark.skipif(
    not sandbox.has_networks(), reason="sandboxes have no networks of their own on this machine"
)
# Not named .py, so that no virtual environment has to be made.
RUN = "exec python3 -u server"
LISTENING = {**BARE, "server": APP}
HARD_WIRED = {**BARE, "server": APP.replace('int(os.environ["PORT"])', "3000")}


def environments(release: Release) -> list[dict[str, str]]:
    return [each.environ() for each in processes_of(release.release_id)]


def run(supervised: Supervised, files: dict[str, str], port: int, **fields: object) -> Release:
    release, progress = supervised.run(files, port=port, start_command=RUN, **fields)
    assert progress.stage is Stage.HEALTHY, progress.message
    assert {each["PORT"] for each in environments(release)} == {str(port)}
    return release


def test_a_port_written_into_the_app(supervised: Supervised, proxied: Proxied) -> None:
    release = run(supervised, HARD_WIRED, 3000, health_check_path="/up")
    (number,) = supervised.numbers(release)
    assert f"Healthy on port 3000 (instance {number})" in supervised.log(release)
    host = proxied.knows(supervised.host(release))
    assert proxied.get(host).text == "hello"


def test_two_services_on_one_port(supervised: Supervised, proxied: Proxied) -> None:
    hosts = {
        name: proxied.knows(supervised.host(release))
        for name in ("ada", "bob")
        for release in [run(supervised, HARD_WIRED, 3000, environment={"NAME": name})]
    }
    for name, host in hosts.items():
        assert proxied.get(host, "/NAME").text == name


def test_instances_on_one_port(supervised: Supervised, proxied: Proxied) -> None:
    release = run(supervised, HARD_WIRED, 3000, instances=3)
    assert len(environments(release)) == 3
    host = proxied.knows(supervised.host(release))
    runs = {supervised.ask(each, "/ORBITRA_RUN") for each in supervised.numbers(release)}
    assert len(runs) == 3
    assert proxied.get(host, "/ORBITRA_RUN").text in runs


@pytest.mark.parametrize("port", [1, 80, 1023, WAY_OUT, WAY_OUT + 1, 20_000, 65_535])
def test_any_port(supervised: Supervised, port: int) -> None:
    """Low ones too, and that of the way out, which then is elsewhere."""
    release = run(supervised, LISTENING, port)
    (number,) = supervised.numbers(release)
    assert supervised.ask(number, "/PORT") == str(port)
    way_out = supervised.ask(number, "/HTTP_PROXY")
    assert way_out.startswith("http://127.0.0.1:31")
    assert way_out != f"http://127.0.0.1:{port}"


def test_the_port_of_an_allowed_target_is_the_apps_own(operators: int) -> None:
    with supervision(f"--allow-targets=localhost:{operators}") as supervised:
        release = run(supervised, LISTENING, operators)
        (number,) = supervised.numbers(release)
        assert supervised.ask(number, "/") == "hello"


def test_the_pre_deploy_command_takes_no_ones_place(supervised: Supervised) -> None:
    """While it waits, another release of the same port prepares and serves."""
    wait = "echo waiting on $PORT; while [ ! -e $HOME/go ]; do sleep 0.05; done"
    build, _ = supervised.build(supervised.repository(LISTENING))
    waiting = Release(
        release_id=f"rel_{uuid4().hex}",
        deployment_id=build.deployment_id,
        service_id=build.service_id,
        job_id="job_w",
        port=3000,
        start_command=RUN,
        pre_deploy_command=wait,
    )
    supervised.engine.start(waiting)
    until(lambda: "Z waiting on 3000" in supervised.log(waiting))
    other = run(supervised, LISTENING, 3000, pre_deploy_command="true")
    (supervised.state / "run/homes" / build.deployment_id / "go").touch()
    until(lambda: supervised.engine.start(waiting).stage is Stage.HEALTHY)
    for release in (other, waiting):
        (number,) = supervised.numbers(release)
        assert supervised.ask(number, "/PORT") == "3000"


@pytest.mark.parametrize(
    ("fields", "port"),
    [({"port": 3000}, "3000"), ({"env_vars": [{"key": "PORT", "value": "4000"}]}, "4000")],
)
def test_what_is_configured_reaches_the_process(
    ada: Client, queue: Queue, supervised: Supervised, fields: dict[str, Any], port: str
) -> None:
    engine = LocalEngine(supervised.socket)
    engines.use(engine)
    diagnosed = Diagnosed(ada.key("admin"), queue, supervised)
    service = diagnosed.service(LISTENING, start_command=RUN, **fields)
    told = diagnosed.deploy(service, "running")
    found = processes_of(ids.parse("dep", told["deployment_id"]))
    assert {each.environ()["PORT"] for each in found} == {port}
    engine.close()
