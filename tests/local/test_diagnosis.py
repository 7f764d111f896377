"""Deployments that fail for real, and what is told of them."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib import engines, ids
from chalicelib.deployments import states
from local.engine import Listener, LocalEngine
from tests.client import Client, Queue, make_due
from tests.local.conftest import APP, BARE, Supervised, until
from tests.local.test_watchdog import HOG

LIMITS = [
    *("--memory-bytes=134217728", "--build-memory-bytes=134217728", "--processes=60"),
    *("--watch-seconds=0.2", "--start-seconds=3.5", "--restarts=1", "--restart-seconds=0.1"),
]
BOMB = "for i in $(seq 20000); do setsid sleep 60 & done; wait"
RAISES = 'os.environ["DATABASE_URL"]'
BROKEN = APP.replace("print(\"GET\", self.path)", f"self.answer(500); {RAISES}").replace(
    "    def log_message", "    def answer(self, status):\n"
    "        self.send_response(status)\n        self.end_headers()\n\n    def log_message",
)  # fmt: skip
MORTAL = f"""
import os, threading, time

def die():
    while not os.path.exists(os.environ["HOME"] + "/now"):
        time.sleep(0.05)
    print("sqlite3.OperationalError: no such table: users")
    os._exit(3)

threading.Thread(target=die, daemon=True).start()
{APP}"""
# Not named .py, so that no virtual environment has to be made.
RUN = "python3 -u server"


@pytest.fixture(scope="module")
def strict() -> Iterator[Supervised]:
    """A supervisor whose limits are soon reached."""
    made = Supervised(Path(tempfile.mkdtemp(prefix="orb")), LIMITS)
    yield made
    made.close()
    shutil.rmtree(made.state)


class Diagnosed:
    """Deploys to the end, and asks why it failed."""

    def __init__(self, caller: Client, queue: Queue, supervised: Supervised) -> None:
        self.caller = caller
        self._queue = queue
        self._supervised = supervised

    def service(self, files: dict[str, str], **fields: Any) -> str:
        """A web service of these files; its path."""
        url = self._supervised.repository({**BARE, **files})
        body = {"name": "app", "git_repository_url": url, **fields}
        made = self.caller.post("/api/web-services", body)
        assert made.status == 201, made.text
        return f"/api/web-services/{made.json()['id']}"

    def deploy(self, service: str, status: str = "failed") -> Any:
        """Deploy a service to its end; what is told of that."""
        made = self.caller.post(f"{service}/deployments", {}).json()
        path = f"{service}/deployments/{made['id']}"
        until(lambda: self._is_over(path), 60)
        self._queue.run_to_the_end()
        told = self.caller.get(f"{path}/diagnose").json()
        assert told["status"] == status, told
        return told

    def _is_over(self, path: str) -> bool:
        make_due()
        self._queue.run_once()
        return self.caller.get(path).json()["finished_at"] is not None


@pytest.fixture
def diagnosed(ada: Client, queue: Queue, strict: Supervised) -> Iterator[Diagnosed]:
    engine = LocalEngine(strict.socket)
    engines.use(engine)
    yield Diagnosed(ada.key("admin"), queue, strict)
    engine.close()


def serve(port: str, address: str = "0.0.0.0") -> dict[str, str]:
    """Files whose app listens there."""
    app = APP.replace('int(os.environ["PORT"])', port).replace("0.0.0.0", address)
    return {"server": app}


@pytest.mark.parametrize(
    ("fields", "files", "cause", "phase"),
    [
        ({"start_command": "sleep 60"}, {}, "no_open_port", "health_check"),
        ({"start_command": "sleep 2; echo boom; exit 3"}, {}, "failed_command", "start"),
        ({"start_command": RUN}, serve("31998"), "wrong_port", "health_check"),
        (
            {"start_command": RUN},
            serve('int(os.environ["PORT"])', "127.0.0.3"),
            "listens_on_one_address",
            "health_check",
        ),
        ({"start_command": HOG}, {}, "out_of_memory", "start"),
        ({"build_command": HOG}, {}, "out_of_memory", "build"),
        (
            {"pre_deploy_command": HOG, "start_command": "sleep 9"},
            {},
            "out_of_memory",
            "pre_deploy",
        ),
        ({"start_command": BOMB}, {}, "too_many_processes", "start"),
        ({"start_command": RUN}, {"server": "import flask_x"}, "missing_module", "start"),
        (
            {"start_command": "node server"},
            {"server": "require('x-y')"},
            "missing_package",
            "start",
        ),
        ({"start_command": "gunicorn-x app:app"}, {}, "missing_command", "start"),
        ({"build_command": "frobnicate"}, {}, "missing_command", "build"),
        ({"pre_deploy_command": "echo no; exit 4"}, {}, "no_start_command", "start"),
        ({"branch": "nope"}, {}, "branch_missing", "clone"),
        ({"root_directory": "gone"}, {}, "root_directory_missing", "build"),
    ],
)
def test_failures(
    diagnosed: Diagnosed,
    fields: dict[str, Any],
    files: dict[str, str],
    cause: str,
    phase: str,
) -> None:
    told = diagnosed.deploy(diagnosed.service(files, **fields))
    assert (told["cause"], told["phase"]) == (cause, phase), told
    assert told["suggestions"]


def test_a_health_check_that_answers_500(diagnosed: Diagnosed) -> None:
    """What the app printed at that says why."""
    service = diagnosed.service({"server": BROKEN}, start_command=RUN, health_check_path="/up")
    told = diagnosed.deploy(service)
    assert (told["cause"], told["phase"]) == ("health_check_failed", "health_check")
    assert "its last answer was 500" in told["summary"]
    assert told["evidence"][-1] == "KeyError: 'DATABASE_URL'"
    assert [each for each in told["suggestions"] if "DATABASE_URL" in each]


def test_evidence_of_a_missing_branch(diagnosed: Diagnosed) -> None:
    told = diagnosed.deploy(diagnosed.service({}, branch="nope"))
    assert told["evidence"][-1:] == ["fatal: Remote branch nope not found in upstream origin"]


def test_a_live_one_that_dies_later(diagnosed: Diagnosed, strict: Supervised) -> None:
    service = diagnosed.service({"server": MORTAL}, start_command=RUN)
    told = diagnosed.deploy(service, "running")
    assert (told["cause"], told["summary"]) == (None, "It is live; nothing is wrong.")
    engine, stop = LocalEngine(strict.socket), threading.Event()
    thread = engine.listen(Listener(lambda _: None, states.note, lambda: None), stop)
    (strict.state / "run/homes" / ids.parse("dep", told["deployment_id"]) / "now").touch()
    path = f"{service}/deployments/{told['deployment_id']}/diagnose"
    until(lambda: diagnosed.caller.get(service).json()["status"] == "failed")
    stop.set()
    told = diagnosed.caller.get(path).json()
    assert (told["status"], told["phase"], told["cause"]) == ("running", None, "missing_table")
    assert told["evidence"] == ["sqlite3.OperationalError: no such table: users"]
    thread.join(20)
    engine.close()


def test_a_build_that_takes_too_long(ada: Client, queue: Queue, place: Path) -> None:
    hasty = Supervised(place, ["--build-seconds=2"])
    engine = LocalEngine(hasty.socket)
    engines.use(engine)
    try:
        diagnosed = Diagnosed(ada, queue, hasty)
        told = diagnosed.deploy(diagnosed.service({}, build_command="sleep 60"))
        assert (told["cause"], told["phase"]) == ("took_too_long", "build")
    finally:
        engine.close()
        hasty.close()
