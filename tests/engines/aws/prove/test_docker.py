"""The builder of images and what is made of them for a release, with a real Docker.

``RUN`` needs Docker's older builder here, since the newer one wants a network for it; and the
processor of this machine.
"""

import base64
import json
import platform
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.buildpacks.failures import Failure
from chalicelib.engines.aws import images as releases
from chalicelib.engines.aws import manifests, repository
from chalicelib.engines.aws.builder import images
from chalicelib.engines.aws.builder.order import Order
from chalicelib.engines.base import Build, Release

from .conftest import Shop
from .docker import PASSWORD, USER, docker

HERE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "amd64"


@dataclass
class Maker:
    """Makes images as a run in CodeBuild does."""

    shop: Shop
    tree: Path
    platform: str

    def order(self, tag: str, **build: Any) -> Order:
        shop, adapter = self.shop, f"{self.shop.public}/adapter:{self.platform}"
        wanted = Build("dep_1", "svc_1", "job_1", "", "", **build)
        image = f"{shop.private}/app:{tag}"
        return Order(
            kind="image", build=wanted, tree=self.tree, result_url="", image=image,
            user=USER, password=PASSWORD, adapter=adapter, command="",
        )  # fmt: skip

    def make(self, tag: str, dockerfile: str) -> Order:
        (self.tree / "Dockerfile").write_text(dockerfile.format(shop=self.shop))
        order = self.order(tag, dockerfile_path="Dockerfile")
        images.make(order)
        docker("image", "rm", "-f", order.image)
        return order

    def base(self) -> str:
        return f"FROM {self.shop.public}/busybox:{self.platform}\n"


@pytest.fixture
def arm(shop: Shop, tmp_path: Path) -> Maker:
    return Maker(shop, tmp_path, "arm64")


@pytest.fixture
def here(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    monkeypatch.setattr(images, "PLATFORM", f"linux/{HERE}")
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")
    return Maker(shop, tmp_path, HERE)


class Ecr:
    """ECR's API before a registry that speaks the protocol of registries."""

    def __init__(self, shop: Shop) -> None:
        self.url = f"http://{shop.private}/v2/app"

    def ask(
        self, _: str, operation: str, unless: frozenset[str] = frozenset(), **arguments: Any
    ) -> dict[str, Any] | None:
        answer: dict[str, Any] | None = getattr(self, operation)(arguments)
        return answer

    def batch_get_image(self, arguments: dict[str, Any]) -> dict[str, Any]:
        (which,) = arguments["imageIds"]
        name = which.get("imageTag") or which["imageDigest"]
        accepted = ", ".join(arguments["acceptedMediaTypes"])
        try:
            kind, content = self._call("GET", f"/manifests/{name}", Accept=accepted)
        except urllib.error.HTTPError:
            return {"images": []}
        digest = manifests.digest(content)
        found = {"imageManifest": content.decode(), "imageManifestMediaType": kind}
        return {"images": [{**found, "imageId": {"imageDigest": digest}}]}

    def get_download_url_for_layer(self, arguments: dict[str, Any]) -> dict[str, Any]:
        _, content = self._call("GET", f"/blobs/{arguments['layerDigest']}")
        return {"downloadUrl": f"data:;base64,{base64.b64encode(content).decode()}"}

    def initiate_layer_upload(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"uploadId": "one"}

    def upload_layer_part(self, arguments: dict[str, Any]) -> dict[str, Any]:
        content = arguments["layerPartBlob"]
        assert arguments["partLastByte"] == len(content) - 1
        with self._open("POST", "/blobs/uploads/", b"") as begun:
            place = begun.headers["Location"]
        place += f"&digest={manifests.digest(content)}"
        with self._open("PUT", place, content, **{"Content-Type": "application/octet-stream"}):
            return {}

    def complete_layer_upload(self, _: dict[str, Any]) -> dict[str, Any]:
        return {}

    def put_image(self, arguments: dict[str, Any]) -> dict[str, Any]:
        kind = {"Content-Type": arguments["imageManifestMediaType"]}
        content = arguments["imageManifest"].encode()
        self._call("PUT", f"/manifests/{arguments['imageTag']}", content, **kind)
        return {}

    def _call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[str, bytes]:
        with self._open(method, path, body, **headers) as answer:
            return answer.headers.get("Content-Type", ""), answer.read()

    def _open(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        url = path if path.startswith("http") else self.url + path
        headers["Authorization"] = f"Basic {login}"
        request = urllib.request.Request(url, body, headers, method=method)
        return urllib.request.urlopen(request, timeout=10)


def derive(shop: Shop, patch: pytest.MonkeyPatch, release: Release) -> str:
    """The image of a release, made as the engine does."""
    ecr = Ecr(shop)
    patch.setattr(releases, "ask", ecr.ask)
    patch.setattr(releases, "tell", ecr.ask)
    patch.setattr(repository, "name", lambda _: "app")
    patch.setattr(repository, "reference", lambda _, which: f"{shop.private}/app{which}")
    made = releases.of_release(release)
    assert made == releases.of_release(release)
    assert made
    return made


def test_a_dockerfile_becomes_a_release_with_its_variables(
    here: Maker, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (here.tree / "page").write_text("hello")
    order = here.make("dep_1", f'{here.base()}COPY page /page\nRUN env\nCMD ["cat", "/page"]\n')
    assert PASSWORD not in capfd.readouterr().out
    given = {"LINES": "a\nb", "QUOTE": 'it\'s "so" $HOME'}
    release = Release("dep_1-1", "dep_1", "svc_1", "job_1", 3000, environment=given)
    uri = derive(here.shop, monkeypatch, release)
    run = Order(**{**vars(order), "image": uri, "command": "env; cat /page"})
    images.run(run)
    said = capfd.readouterr().out
    assert "LINES=a\nb\n" in said
    assert 'QUOTE=it\'s "so" $HOME\n' in said
    assert "PORT=3000\n" in said
    assert said.rstrip().endswith("hello")
    assert docker("run", "--rm", uri) == "hello"
    assert (
        docker("run", "--rm", "--entrypoint=/bin/sh", uri, "-c", f"test -x {images.ADAPTER}") == ""
    )


def test_a_start_command_goes_before_the_image_s_own(
    here: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.make("dep_2", f'{here.base()}ENTRYPOINT ["false"]\nCMD ["x"]\n')
    release = Release("dep_2-1", "dep_2", "svc_1", "job_1", 80, start_command="echo $PORT | cat")
    assert docker("run", "--rm", pulled(here, derive(here.shop, monkeypatch, release))) == "80\n"


def pulled(maker: Maker, uri: str) -> str:
    images.run(Order(**{**vars(maker.order("x")), "image": uri, "command": "true"}))
    return uri


def test_nothing_of_the_login_stays(here: Maker) -> None:
    order = here.make("dep_3", f"{here.base()}RUN ! env | grep DOCKER_CONFIG\n")
    with pytest.raises(AssertionError, match="no basic auth credentials"):
        docker("pull", order.image)


def test_an_image_is_pulled_for_arm64(arm: Maker) -> None:
    reference = f"{arm.shop.public}/busybox:arm64"
    images.pull(reference)
    order = arm.order("dep_4", image_ref=reference)
    assert images.make(order) is False
    [found] = json.loads(docker("image", "inspect", order.image))
    assert (found["Os"], found["Architecture"]) == ("linux", "arm64")
    assert len(found["RootFS"]["Layers"]) == 2


def test_why_an_image_cannot_be_had(arm: Maker) -> None:
    public = arm.shop.public
    names = ["manifest", "create", "--insecure", f"{public}/other:1", f"{public}/busybox:amd64"]
    docker(*names)
    docker("manifest", "push", "--insecure", f"{public}/other:1")
    for reference, said in (
        ("nothing:1", "does not exist or is private"),
        ("other:1", "has no variant for linux/arm64"),
    ):
        with pytest.raises(Failure, match=said):
            images.pull(f"{public}/{reference}")
    with pytest.raises(Failure, match="does not exist or is private"):
        images.pull(f"{arm.shop.private}/app:dep_1")
    with pytest.raises(Failure, match="could not be pulled"):
        images.pull("127.0.0.1:1/app")


def test_an_image_of_one_other_platform_is_refused(arm: Maker) -> None:
    reference = f"{arm.shop.public}/busybox:amd64"
    images.pull(reference)
    with pytest.raises(Failure, match="The image is for linux/amd64, and apps run on linux/arm64"):
        images.make(arm.order("dep_5", image_ref=reference))


def test_a_dockerfile_that_fails_shows_its_last_lines(here: Maker) -> None:
    with pytest.raises(Failure, match=r"docker build ended with exit code 3(.|\n)*so it is"):
        here.make("dep_6", f"{here.base()}RUN echo so it is; exit 3\n")


def test_an_image_that_is_too_large(arm: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_BYTES", 1024)
    with pytest.raises(Failure, match="more than the 0 GiB that AWS Lambda takes"):
        arm.make("dep_7", arm.base())


@pytest.mark.parametrize("link", ["/etc/passwd", "../outside"])
def test_a_dockerfile_that_leads_out_of_the_repository(arm: Maker, link: str) -> None:
    (arm.tree / "Dockerfile").symlink_to(link)
    with pytest.raises(Failure, match='There is no file "Dockerfile"'):
        images.make(arm.order("dep_8", dockerfile_path="Dockerfile"))
