"""How a release is started: a layer with a script, which holds its variables.

A function's own environment takes 4 KB, a layer as much as a service may have; and like the
function it is encrypted, immutable, and read by nobody but this function and the operator.
"""

import io
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..base import Release
from .builder.commands import paths
from .calls import MISSING, ask, pages, tell

START = "/opt/orbitra/start"
SERVER = "/opt/orbitra/static_server.py"
TREE = Path("/var/task")


def publish(name: str, release: Release, command: str) -> str:
    """The ARN of the layer of a release; published at the first call."""
    for each in _all(name):
        if each.get("Description") == release.release_id:
            return str(each["LayerVersionArn"])
    made = tell(
        "lambda",
        "publish_layer_version",
        LayerName=name,
        Description=release.release_id,
        Content={"ZipFile": content(release, command)},
        CompatibleArchitectures=["arm64"],
    )
    return str(made["LayerVersionArn"])


def script(release: Release, command: str) -> str:
    """The shell script that starts a release in place of Lambda's own runtime."""
    root = TREE / (release.root_directory or "").strip("/")
    given = {"NODE_ENV": "production", **release.environment, "PORT": str(release.port)}
    path = ":".join(paths(root, TREE))
    return "\n".join(
        [
            "#!/bin/sh",
            f"cd {shlex.quote(str(root))} || exit 1",
            "export HOME=/tmp PYTHONUNBUFFERED=1",
            *(f"export {name}={shlex.quote(value)}" for name, value in given.items()),
            f'export PATH={shlex.quote(path)}:"$PATH"',
            f"exec /bin/sh -c {shlex.quote(command)}",
            "",
        ]
    )


def remove(name: str, release_id: str | None = None) -> None:
    """Remove the layer of a release, or of all."""
    for each in _all(name):
        if release_id in {None, each.get("Description")}:
            which = {"LayerName": name, "VersionNumber": each["Version"]}
            ask("lambda", "delete_layer_version", unless=MISSING, **which)


def _all(name: str) -> Iterator[dict[str, Any]]:
    found = pages("lambda", "list_layer_versions", ("NextMarker", "Marker"), LayerName=name)
    return iter([each for page in found for each in page["LayerVersions"]])


def content(release: Release, command: str) -> bytes:
    """The layer: the script, and the static server, which sites are started with."""
    server = (Path(__file__).parents[1] / "static_server.py").read_text("utf-8")
    files = {START: script(release, command), SERVER: server}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, text in files.items():
            info = zipfile.ZipInfo(place.removeprefix("/opt/"))
            info.external_attr = 0o755 << 16
            archive.writestr(info, text)
    return written.getvalue()
