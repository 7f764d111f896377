"""What a run is told to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...base import Build


@dataclass(frozen=True)
class Order:
    """Build an app into ``tree``, or run its pre-deploy command there.

    ``artifact_url`` takes the artifact of a build, and gives it to a pre-deploy command.
    """

    kind: Literal["build", "pre_deploy"]
    build: Build
    tree: Path
    artifact_url: str
    result_url: str
    schemes: tuple[str, ...] = ()
    command: str = ""

    @classmethod
    def of(cls, told: dict[str, Any], tree: Path) -> "Order":
        """The order as it was sent."""
        build = Build(**told["build"])
        return cls(**{**told, "build": build, "schemes": tuple(told["schemes"]), "tree": tree})
