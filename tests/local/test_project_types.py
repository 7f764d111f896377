"""Workers and static sites, with real processes."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.engines.base import Stage
from tests.local.conftest import BARE, Proxied, Supervised, kill_all, processes_of, until

LOOP = "env > env.txt; echo working; while :; do sleep 0.1; done"
WORKER = {**BARE, "Procfile": f"worker: {LOOP}"}
SITE = {"dist/index.html": "home", "dist/app.js": "js", "package.json": "{}", "key.txt": "secret"}


@pytest.fixture(scope="module")
def lively() -> Iterator[Supervised]:
    """A supervisor that loses no time."""
    options = ["--restarts=1", "--restart-seconds=0.1", "--worker-seconds=1", "--idle-seconds=1"]
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")), options)
    yield made
    made.close()
    shutil.rmtree(made.state)


@pytest.fixture(scope="module")
def way_in(lively: Supervised) -> Iterator[Proxied]:
    made = Proxied(lively)
    yield made
    made.close()


def test_a_worker_is_healthy_when_it_stays_alive(lively: Supervised, way_in: Proxied) -> None:
    release, progress = lively.run(WORKER, project_type="worker", instances=2)
    assert progress.stage is Stage.HEALTHY, progress.message
    host = lively.host(release)
    said = lively.engine.logs(release.service_id, 100, None)
    assert said.container_id == release.release_id
    assert said.text.count("Z working\n") == said.text.count("==> Healthy\n") == 2
    (env,) = (lively.state / "run/artifacts" / release.deployment_id).glob("env.txt")
    assert "\nPORT=" not in env.read_text()
    until(lambda: [s.instances for s in lively.engine.metrics(release.service_id, 60)][-1:] == [2])
    other, _ = lively.run({"index.html": "page"})
    way_in.knows(lively.host(other))
    assert way_in.get(host).status_code == 404
    lively.engine.retire(release.service_id, None)
    until(lambda: not processes_of(release.release_id))
    assert way_in.get(host).status_code == 404


def test_a_worker_that_dies_is_started_again(lively: Supervised) -> None:
    release, _ = lively.run(WORKER, project_type="worker")
    kill_all(release.release_id)
    until(lambda: lively.log(release).count("==> Healthy\n") == 2)
    assert "It is started again in 0.1 s." in lively.log(release)


def test_a_worker_that_ends_at_once_fails(lively: Supervised) -> None:
    _, progress = lively.run(BARE, project_type="worker", start_command="echo done; exit 0")
    assert progress.stage is Stage.FAILED
    assert "The app ended with exit code 0" in (progress.message or "")


def test_a_worker_without_a_command(lively: Supervised) -> None:
    _, progress = lively.run({"Procfile": "web: x", "app.py": ""}, project_type="worker")
    assert progress.stage is Stage.FAILED
    assert "no Procfile with a worker line" in (progress.message or "")


def test_a_site_is_what_its_folder_holds(lively: Supervised, way_in: Proxied) -> None:
    host = way_in.serve(SITE, project_type="static_site", publish_directory="dist/", spa=True)
    assert way_in.get(host).text == "home"
    assert way_in.get(host, "/users/7").text == "home"
    script = way_in.get(host, "/app.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    again = way_in.get(host, "/app.js", **{"If-None-Match": script.headers["ETag"]})
    assert again.status_code == 304
    assert way_in.get(host, "/key.txt").status_code == 404
    assert way_in.get(host, "/../key.txt").status_code == 404


def test_a_site_that_is_no_single_page(lively: Supervised, way_in: Proxied) -> None:
    files = {"index.html": "home", "package.json": "{}"}
    host = way_in.serve(files, project_type="static_site", start_command="false")
    assert way_in.get(host).text == "home"
    assert way_in.get(host, "/users/7").status_code == 404


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        (None, "no index.html to publish"),
        ("gone", 'publish directory "gone" does not exist'),
        ("out", 'publish directory "out" leads out of the root directory'),
        ("--fallback", 'publish directory "--fallback" does not exist'),
    ],
)
def test_a_site_without_its_folder(lively: Supervised, folder: str | None, said: str) -> None:
    build, _ = lively.build(lively.repository(BARE), build_command="ln -s /etc out")
    _, progress = lively.start(build, project_type="static_site", publish_directory=folder)
    assert progress.stage is Stage.FAILED
    assert said in (progress.message or "")
