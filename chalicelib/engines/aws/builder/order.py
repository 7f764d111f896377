"""What a run is told to do."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...base import Build


@dataclass(frozen=True)
class Order:
    """Build an app into ``tree``, or run its pre-deploy command there; or the same in an image.

    ``artifact_url`` takes the artifact of a build, and gives it to a pre-deploy command. ``image``
    does so where the artifact is a container image: a reference in a registry that takes ``user``
    and ``password``. ``adapter`` is the image of the web adapter that is put into it.
    """

    kind: Literal["build", "pre_deploy", "image", "image_pre_deploy"]
    build: Build
    tree: Path
    result_url: str
    artifact_url: str = ""
    schemes: tuple[str, ...] = ()
    command: str = ""
    image: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    adapter: str = ""

    @classmethod
    def of(cls, told: dict[str, Any], tree: Path) -> "Order":
        """The order as it was sent."""
        build = Build(**told["build"])
        return cls(**{**told, "build": build, "schemes": tuple(told["schemes"]), "tree": tree})
