"""What a function is made of: a zip file with a start script, or a container image.

The type of a function's package is for ever: Lambda changes the code, but not from one to the
other.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ...buildpacks.failures import Failure
from ...settings import settings
from ..base import Release
from . import builds, images, layers, programs
from .calls import tell
from .programs import Program
from .versions import function

NOT_BUILT = "The build of this deployment is no longer kept; deploy it again."
NO_COMMAND_IN_IMAGE = (
    "The image says nothing of how to start the app: add CMD to its Dockerfile, or set a start "
    "command."
)


class Package(Protocol):
    """What a function is made of, in Lambda's words."""

    @property
    def kind(self) -> Literal["Zip", "Image"]:
        """The type of the package."""

    @property
    def code(self) -> dict[str, str]:
        """Where the code lies."""

    @property
    def variables(self) -> dict[str, str]:
        """What Lambda goes by to start it."""

    def configuration(self) -> dict[str, Any]:
        """What belongs to the function's configuration besides."""

    def is_there(self, latest: dict[str, Any], sent: str | None) -> bool:
        """Whether the function has this code; ``sent`` is the digest of what was sent to it."""


@dataclass(frozen=True)
class Zip:
    """An artifact of the bucket, started by a command, from a layer with the variables."""

    release: Release
    program: Program
    kind: Literal["Zip"] = "Zip"

    @property
    def code(self) -> dict[str, str]:
        """Where the artifact lies."""
        place = builds.artifact(self.release.service_id, self.release.deployment_id)
        return {"S3Bucket": settings().apps_bucket, "S3Key": place}

    @property
    def variables(self) -> dict[str, str]:
        """The start script goes before Lambda's own runtime."""
        return {"AWS_LAMBDA_EXEC_WRAPPER": layers.START}

    def configuration(self) -> dict[str, Any]:
        """The runtime, and the layers with the adapter and the start script."""
        adapter = settings().web_adapter_layer.format(region=settings().region)
        name = function(self.release.service_id)
        script = layers.publish(name, self.release, self.program.command)
        return {"Runtime": self.program.runtime, "Handler": "start", "Layers": [adapter, script]}

    def is_there(self, latest: dict[str, Any], sent: str | None) -> bool:
        """Whether the function has what was sent to it."""
        return sent is not None and sent == str(latest["CodeSha256"])


@dataclass(frozen=True)
class Image:
    """A container image, by its digest; it holds the adapter, the variables and the command."""

    uri: str
    kind: Literal["Image"] = "Image"

    @property
    def code(self) -> dict[str, str]:
        """Where the image is."""
        return {"ImageUri": self.uri}

    @property
    def variables(self) -> dict[str, str]:
        """Nothing: an image says itself how it starts."""
        return {}

    def configuration(self) -> dict[str, Any]:
        """Nothing, for the same reason."""
        return {}

    def is_there(self, latest: dict[str, Any], sent: str | None) -> bool:
        """Whether the function has this image; of one, its ``CodeSha256`` says nothing sure."""
        del sent
        found = tell("lambda", "get_function", FunctionName=latest["FunctionName"])
        resolved = str(found["Code"].get("ResolvedImageUri", ""))
        return resolved.rpartition("@")[2] == self.uri.rpartition("@")[2]


def of(release: Release, built: dict[str, Any]) -> Package:
    """What the function of a release is made of, from what was built; raises Failure."""
    if not built.get("is_image"):
        return Zip(release, programs.of(release, built))
    if not (release.start_command or built["has_command"]):
        raise Failure(NO_COMMAND_IN_IMAGE)
    if uri := images.of_release(release):
        return Image(uri)
    raise Failure(NOT_BUILT)
