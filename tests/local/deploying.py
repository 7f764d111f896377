"""A running product with one web service, and a receiver of its webhooks."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local.samples import AUTHOR
from tests.local.conftest import make_repository, processes_of, until
from tests.local.test_restart import UNLIMITED
from tests.local.test_run import Run, start, stop
from tests.webhooks.receiver import Receiver

ENDED = {"live", "superseded", "failed", "canceled"}
PROCFILE = f"web: exec {sys.executable} app.txt"  # no .py: it needs no virtual environment
SERVES = """
import os
from aiohttp import web

async def answer(request):
    return web.Response(text=os.environ.get(request.path.strip("/"), "1"))

app = web.Application()
app.router.add_route("*", "/{path:.*}", answer)
web.run_app(app, port=int(os.environ["PORT"]), print=None)
"""


def serves(version: str) -> str:
    """An app that answers with its version, and at /NAME with that variable."""
    return SERVES.replace('"1"', f'"{version}"')


@dataclass
class Shop:
    """The service of the project ``shop``; ``run`` may be started anew."""

    run: Run
    state: Path
    place: Path
    receiver: Receiver
    project: str = ""
    id: str = ""

    @property
    def path(self) -> str:
        return f"/api/web-services/{self.id}"

    def make(self) -> None:
        """Let webhooks be sent here, and version 1 go live, with the variable A=1."""
        listening = {"url": self.receiver.url, "events": ["*"]}
        self.run.api.post("/v1/webhooks", json=listening).raise_for_status()
        self.project = self.run.api.post("/v1/projects", json={"name": "shop"}).json()["id"]
        first = self.go_live(A="1")
        self.id = self.shown(first)["service_id"]

    def push(self, app: str) -> None:
        """Commit another app."""
        (self.place / "app.txt").write_text(app)
        commit = ["commit", "-qam", "Another", "--allow-empty"]
        subprocess.run(["git", *AUTHOR, *commit], cwd=self.place, check=True)

    def change(self, **fields: Any) -> None:
        self.run.api.patch(self.path, json=fields).raise_for_status()

    def deploy(self, git_url: str = "", **environment: str) -> str:
        """Begin a deployment; its id."""
        body = {"git_url": git_url or f"file://{self.place}", "environment": environment}
        return self._begun(self.run.api.post(f"/v1/projects/{self.project}/deployments", json=body))

    def roll_back(self, deployment: str) -> str:
        """Begin a rollback to an earlier deployment; its id."""
        return self._begun(self.run.api.post(f"/v1/deployments/{deployment}/rollback"))

    def go_live(self, **environment: str) -> str:
        """Deploy to the end; the deployment's id."""
        return self.must_be_live(self.deploy(**environment))

    def must_be_live(self, deployment: str) -> str:
        ended = self.ended(deployment)
        assert ended["status"] == "live", ended
        return deployment

    def cancel(self, deployment: str) -> httpx.Response:
        return self.run.api.post(f"/v1/deployments/{deployment}/cancel")

    def shown(self, deployment: str, wait: int = 0) -> Any:
        return self.run.api.get(f"/v1/deployments/{deployment}?wait={wait}").json()

    def ended(self, deployment: str) -> Any:
        """The deployment once it has come to its end."""
        return until(lambda: self.end_of(deployment), 120)

    def end_of(self, deployment: str) -> Any:
        """The deployment, if it has come to its end; waits a little for that."""
        shown = self.shown(deployment, wait=25)
        return shown if shown["status"] in ENDED else None

    def status(self) -> str:
        return str(self.run.api.get(self.path).json()["status"])

    def settled(self, status: str) -> None:
        """Wait until the service has this status."""
        until(lambda: self.status() == status)

    def page(self, path: str = "/") -> str:
        """What the service answers, or what is wrong."""
        try:
            answer = self.run.page("shop", path)
        except httpx.TransportError as error:
            return repr(error)
        return answer.text if answer.status_code == 200 else f"{answer.status_code} {answer.text}"

    def told(self, deployment: str) -> dict[str, str]:
        """The events that have come of the deployment: their names by their ids."""
        bodies = [(one.headers["webhook-id"], one.json()) for one in list(self.receiver.received)]
        return {each: said["event"] for each, said in bodies if said["data"]["id"] == deployment}

    def left_of(self, deployment: str) -> list[object]:
        """What there still is of a deployment: processes, files."""
        return [*processes_of(deployment), *(self.state / "run").glob(f"[abh]*/{deployment}*")]

    @contextmanager
    def serving(self, *versions: str) -> Iterator[None]:
        """Ask the service all the while; it has to answer with one of these versions."""
        answers, over = set[str](), threading.Event()

        def ask() -> None:
            while not over.wait(0.05):
                answers.add(self.page())

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
        assert answers == set(versions), answers

    def _begun(self, answer: httpx.Response) -> str:
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@contextmanager
def shop(root: Path, **limits: str) -> Iterator[Shop]:
    """A product with these limits, and a service whose version 1 is live."""
    receiver, state, place = Receiver(), root / "state", root / "app"
    make_repository(place, {"app.txt": serves("1"), "Procfile": PROCFILE})
    server = receiver.start()
    made = Shop(start(state, ORBITRA_LIMITS=UNLIMITED, **limits), state, place, receiver)
    try:
        made.make()
        yield made
    finally:
        made.run.api.close()
        stop(made.run.process)
        server.shutdown()
        server.server_close()
