"""An operator with ``deploy.toml`` and an account, which is moto's."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest
from chalice.app import Chalice

from deploy import DeployError, commands, package, settings, template
from deploy.account import Account
from tests.client import Client, make_client
from tests.conftest import make_fresh

from . import for_moto

STAGE = "trial"
NAME = f"orbitra-{STAGE}"
CHOSEN = f"""
[{STAGE}]
operator = "operator@example.com"
mail_address = "no-reply@example.com"
alarm_address = "alarms@example.com"
memory = 512
"""


TABLES = {f"{NAME}-{name}" for name in ("accounts", "workspaces", "resources", "claims", "jobs")}


def client(service: str) -> Any:
    """The client of a service of the account."""
    return Account("us-east-1").client(service)


def resources() -> list[dict[str, Any]]:
    """The stack's resources: each one's logical and physical id."""
    found = client("cloudformation").list_stack_resources(StackName=NAME)
    shown = ("LogicalResourceId", "PhysicalResourceId")
    return [{k: one[k] for k in shown} for one in found["StackResourceSummaries"]]


def tables() -> set[str]:
    """The names of the stack's tables that are there."""
    return {one for one in client("dynamodb").list_tables()["TableNames"] if NAME in one}


class Operator:
    """Who deploys; ``said`` has every line told, ``client`` answers in the deployed API's place."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.client: Client = make_client()

    def ask(self, method: str, url: str, bearer: str, body: Any) -> tuple[int, Any]:
        target = url[url.index(f"/{STAGE}/") + len(STAGE) + 1 :]
        client = self.client.bearer(bearer) if bearer else self.client
        reply = client.call(method, target, body)
        return reply.status, reply.json()

    def deploy(self) -> None:
        self.said.clear()
        commands.deploy(STAGE, self.said.append, self.ask)

    def key(self) -> None:
        self.said.clear()
        commands.key(STAGE, self.said.append, self.ask)

    def diff(self) -> list[str]:
        self.said.clear()
        commands.diff(STAGE, self.said.append)
        return self.said

    def destroy(self, data: bool = False) -> None:
        self.said.clear()
        commands.destroy(STAGE, data, self.said.append)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """An operator whose package is empty, so that nobody waits for pip."""
    with _operating(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An operator who has deployed, for all tests of a module that only look."""
    make_fresh()
    with _operating(tmp_path_factory.mktemp("deployed")) as made:
        made.deploy()
        yield made


@contextmanager
def _operating(place: Path) -> Iterator[Operator]:
    from moto.cloudformation.models import ChangeSet

    file = place / "deploy.toml"
    file.write_text(CHOSEN)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(settings, "FILE", file)
        patched.setattr(package, "make", _make_empty)
        patched.setattr(ChangeSet, "apply", _applied(ChangeSet.apply))
        yield Operator()
        with suppress(DeployError):  # there is nothing left of it, or the settings are gone
            commands.destroy(STAGE, True, lambda _: None)


def _make_empty(app: Chalice, out: Path, _: str) -> Path:
    text = json.dumps(for_moto.taken(template.make(app), NAME))
    (out / "template.json").write_text(text, "utf-8")
    with ZipFile(out / "package.zip", "w") as made:
        made.writestr(ZipInfo("app.py"), "")
    return out / "package.zip"


def _applied(apply: Callable[[Any], None]) -> Callable[[Any], None]:
    """Moto's way to execute a change set, and the outputs that it forgets."""

    def applied(change_set: Any) -> None:
        apply(change_set)
        change_set.stack.template_dict = change_set.template_dict
        change_set.stack.output_map = change_set.stack._create_output_map()

    return applied
