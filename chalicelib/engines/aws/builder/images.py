"""Makes a container image with Docker: builds or pulls it, adds the web adapter, pushes it.

Users' code runs in containers that know nothing of the registry: Docker is logged in after they
have ended, in a configuration of its own that is removed at once.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ....buildpacks.failures import Failure
from ....buildpacks.folder import Folder, working_directory
from . import commands
from .order import Order

PLATFORM = "linux/arm64"
MOST_BYTES = 10 * 1024**3  # as much as Lambda takes
ADAPTER = "/opt/extensions/lambda-adapter"
_OURS = "orbitra-app:built"  # what is built or pulled, on this machine

_UNKNOWN = (
    r"manifest unknown|not found|access denied|does not exist|denied:|unauthorized"
    r"|no basic auth credentials|error: 40[134]"
)
_PLATFORMS = r"no matching manifest|does not match the specified platform|no image found in .*index"
_TOO_MANY = r"toomanyrequests|429 Too Many Requests"
_SAYS = "Error response from daemon: "


def pull(reference: str) -> None:
    """Pull a public image; Failure says why it cannot be had."""
    print(f"==> Pulling {reference}", flush=True)
    status, said = _docker("pull", f"--platform={PLATFORM}", reference)
    if status:
        raise Failure(_why_not_pulled(reference, said))
    _must("tag", reference, _OURS)


def make(order: Order) -> bool:
    """Build what was not pulled, add the adapter, push; whether it has a command of its own."""
    if not order.build.image_ref:
        _build(order)
    found = _inspect()
    _check(found)
    _add_adapter(order)
    _push(order)
    own = found.get("Config") or {}
    return bool(own.get("Entrypoint") or own.get("Cmd"))


def run(order: Order) -> None:
    """Run a command in an image that was made, with the variables that are in it."""
    with _logged_in(order) as configured:
        _must("pull", f"--platform={PLATFORM}", order.image, **configured)
    print(f"==> {order.command}", flush=True)
    arguments = ("run", "--rm", "--entrypoint=/bin/sh", order.image, "-c", order.command)
    _must(*arguments, what="The pre-deploy command")


def _build(order: Order) -> None:
    wanted = order.build
    root, path = working_directory(order.tree, wanted.root_directory), str(wanted.dockerfile_path)
    if not Folder(root).has(path):
        raise Failure(
            f'There is no file "{path}" in the root directory; correct dockerfile_path, which '
            "begins there, or push the file."
        )
    print(f"==> Building {path}", flush=True)
    built = ("build", f"--platform={PLATFORM}", f"--file={root / path}", f"--tag={_OURS}")
    _must(*built, str(root), what="docker build")


def _check(found: dict[str, Any]) -> None:
    """Raise Failure when Lambda would not take the image."""
    if (found["Os"], found["Architecture"]) != tuple(PLATFORM.split("/")):
        raise Failure(_other_platform(f"{found['Os']}/{found['Architecture']}"))
    if found["Size"] > MOST_BYTES:
        raise Failure(
            f"The image takes {found['Size'] / 1024**3:.1f} GiB, more than the "
            f"{MOST_BYTES // 1024**3} GiB that AWS Lambda takes; leave out what it does not need."
        )


def _add_adapter(order: Order) -> None:
    print("==> Adding the Lambda Web Adapter", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "Dockerfile")
        file.write_text(f"FROM {_OURS}\nCOPY --from={order.adapter} /lambda-adapter {ADAPTER}\n")
        made = ("build", f"--platform={PLATFORM}", f"--file={file}", f"--tag={order.image}")
        _must(*made, folder, what="Adding the adapter")


def _push(order: Order) -> None:
    print("==> Pushing the image", flush=True)
    with _logged_in(order) as configured:
        _must("push", order.image, what="The push", **configured)


@contextmanager
def _logged_in(order: Order) -> Iterator[dict[str, str]]:
    """Variables with which Docker may use the registry, while this lasts."""
    with tempfile.TemporaryDirectory() as folder:
        configured = {"DOCKER_CONFIG": folder}
        registry = order.image.partition("/")[0]
        arguments = ["docker", "login", f"--username={order.user}", "--password-stdin", registry]
        done = subprocess.run(
            arguments, input=order.password, env=_environment(configured), text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failure("The registry cannot be used just now; deploy again.")
        yield configured


def _inspect() -> dict[str, Any]:
    done = subprocess.run(
        ["docker", "image", "inspect", _OURS],
        env=_environment({}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return found


def _must(*arguments: str, what: str = "Docker", **variables: str) -> None:
    commands.run(
        ["docker", *arguments],
        what,
        directory=Path("/"),
        environment=_environment(variables),
    )


def _docker(*arguments: str) -> tuple[int, str]:
    return commands.follow(
        ["docker", *arguments], directory=Path("/"), environment=_environment({})
    )


def _environment(more: dict[str, str]) -> dict[str, str]:
    """What Docker itself goes by; no variable of the user's, which might lead it elsewhere."""
    attested = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}  # those would make an index of the image
    return {**commands.plain_environment(), **attested, **more}


def _why_not_pulled(reference: str, said: str) -> str:
    if re.search(_PLATFORMS, said):
        return f"The image {reference} has no variant for {PLATFORM}; build it for that too."
    if re.search(_TOO_MANY, said):
        return (
            f"The registry of {reference} lets nobody here pull more just now; deploy again later, "
            "or use a mirror of the image."
        )
    if re.search(_UNKNOWN, said):
        return f"The image {reference} does not exist or is private; make it public, or correct it."
    last = (said.strip().splitlines() or ["Docker said nothing"])[-1].removeprefix(_SAYS)
    return f"The image {reference} could not be pulled ({last}); check it and try again."


def _other_platform(found: str) -> str:
    return f"The image is for {found}, and apps run on {PLATFORM}; build it for that."
