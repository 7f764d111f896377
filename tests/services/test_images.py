"""Services that run container images: what may be sent, and what is deployed."""

from typing import Any

import pytest

from chalicelib import engines
from chalicelib.engines.simulated import SimulatedEngine
from tests.client import Client, Queue

URL = "http://127.0.0.1:1/user/repo.git"
PATH = "/api/web-services"
IMAGE = {"source_type": "image", "image_ref": "ghcr.io/user/app:1.2"}
DOCKERFILE = {"git_repository_url": URL, "dockerfile_path": "docker/Dockerfile"}


class NoImages(SimulatedEngine):
    """An engine of a machine without Docker."""

    runs_images = False


def new(ada: Client, **fields: Any) -> Any:
    reply = ada.post(PATH, {"name": "one", **fields})
    assert reply.status == 201, reply.text
    return reply.json()


def deploy(ada: Client, queue: Queue, service: str) -> Any:
    made = ada.post(f"{PATH}/{service}/deployments", {})
    assert made.status == 201, made.text
    queue.run_to_the_end()
    return ada.get(f"{PATH}/{service}/deployments/{made.json()['id']}").json()


@pytest.mark.parametrize(
    "reference",
    [
        "nginx",
        "library/nginx:1.27-alpine",
        "ghcr.io/user/some__app.x:V_1",
        "registry.example.com:5000/a/b/c",
        "quay.io/a/b:1@sha256:" + "0a" * 32,
    ],
)
def test_references_that_are_taken(ada: Client, reference: str) -> None:
    assert new(ada, source_type="image", image_ref=reference)["image_ref"] == reference


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "-v/:/host",
        "--all-tags",
        "Upper/case",
        "a b",
        "a//b",
        "nginx:",
        "nginx:-x",
        "nginx@sha256:12",
        "https://ghcr.io/a/b",
        "user:password@ghcr.io/a",
        "127.0.0.1:5000/a",
        "169.254.170.2/a",
        "localhost/a",
        "localhost:5000/a",
        "$(id)/a",
        "a\nb",
        "a/" * 300,
    ],
)
def test_references_that_are_not(ada: Client, reference: str) -> None:
    sent = {"name": "x", "source_type": "image", "image_ref": reference}
    reply = ada.post(PATH, sent)
    assert reply.status == 400, reply.text
    assert reply.json()["detail"].startswith("image_ref: ")


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../Dockerfile", "a/../../b", "-f", "a\nb"])
def test_dockerfiles_outside_of_the_repository(ada: Client, path: str) -> None:
    reply = ada.post(PATH, {"name": "x", "git_repository_url": URL, "dockerfile_path": path})
    assert reply.status == 400
    assert reply.json()["detail"].startswith("dockerfile_path: ")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"image_ref": "nginx"}, "image_ref: is for services with source_type image"),
        ({**IMAGE, **DOCKERFILE}, "dockerfile_path: is for services with source_type git"),
        ({**IMAGE, "project_type": "static_site"}, "project_type: a static site is files"),
    ],
)
def test_fields_that_do_not_fit_each_other(ada: Client, sent: dict[str, str], said: str) -> None:
    reply = ada.post(PATH, {"name": "x", **sent})
    assert reply.status == 400
    assert reply.json()["detail"].startswith(said)


@pytest.mark.parametrize("sent", [{"source_type": "image"}, {"image_ref": "x"}, DOCKERFILE])
def test_images_need_an_engine_that_runs_them(ada: Client, sent: dict[str, str]) -> None:
    engines.use(NoImages())
    made = ada.post(PATH, {"name": "x", **sent})
    assert made.status == 400
    name = list(sent)[-1]
    assert made.json()["detail"].startswith(f"{name}: needs an engine that runs images")
    plain = new(ada)
    assert ada.patch(f"{PATH}/{plain['id']}", sent).status == 400
    assert ada.patch(f"{PATH}/{plain['id']}", plain).status == 200


def test_an_image_is_deployed_without_a_repository(ada: Client, queue: Queue) -> None:
    made = new(ada, **IMAGE)
    shown = deploy(ada, queue, made["id"])
    assert (shown["status"], shown["git_url"]) == ("running", None)
    assert shown["image_ref"] == IMAGE["image_ref"]
    again = ada.post(f"{PATH}/{made['id']}/deployments/{shown['id']}/rollback", {}).json()
    assert again["image_ref"] == IMAGE["image_ref"]


def test_an_image_that_is_not_named_yet(ada: Client) -> None:
    made = new(ada, source_type="image", git_repository_url=URL)
    reply = ada.post(f"{PATH}/{made['id']}/deployments", {})
    assert reply.status == 400
    assert reply.json()["detail"] == "image_ref: set it on the web service first"


def test_what_was_deployed_stays_an_image_or_none(ada: Client, queue: Queue) -> None:
    path = f"{PATH}/{new(ada, **DOCKERFILE)['id']}"
    assert ada.patch(path, {"dockerfile_path": None}).status == 200
    assert ada.patch(path, {"dockerfile_path": "Dockerfile"}).status == 200
    deploy(ada, queue, path.removeprefix(f"{PATH}/"))
    reply = ada.patch(path, {"dockerfile_path": None})
    assert reply.status == 409
    assert "make a new one" in reply.json()["detail"]
    changed = ada.patch(path, {**IMAGE, "dockerfile_path": None}).json()
    assert (changed["source_type"], changed["config_pending"]) == ("image", True)


def test_a_project_whose_service_runs_an_image_is_not_deployed_from_git(
    ada: Client, queue: Queue
) -> None:
    project = ada.post("/v1/projects", {"name": "shop"}).json()["id"]
    path = f"/v1/projects/{project}/deployments"
    assert ada.post(path, {"git_url": URL}).status == 201
    [service] = ada.get(PATH).json()["web_services"]
    assert ada.patch(f"{PATH}/{service['id']}", IMAGE).status == 200
    reply = ada.post(path, {"git_url": URL})
    assert reply.status == 400
    assert reply.json()["error"]["message"].startswith("git_url: the project's web service")


def test_another_image_waits_for_a_deploy_and_not_for_a_restart(ada: Client, queue: Queue) -> None:
    path = f"{PATH}/{new(ada, **IMAGE)['id']}"
    deploy(ada, queue, path.removeprefix(f"{PATH}/"))
    assert ada.patch(path, {"image_ref": "ghcr.io/user/app:2"}).json()["config_pending"] is True
    for action, is_pending in (("restart", True), ("deployments", False)):
        assert ada.post(f"{path}/{action}", {}).status < 300
        queue.run_to_the_end()
        assert ada.get(path).json()["config_pending"] is is_pending
