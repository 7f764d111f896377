"""What clients send and get of projects."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ..http.schemas import Answer, Body, Line, ProjectId, Time
from ..settings import settings

ALIASES = {"us-east": "us-east-1", "eu-west": "eu-west-1", "ap-south": "ap-south-1"}


def _region(name: str) -> str:
    region = ALIASES.get(name, name)
    if region not in settings().regions:
        raise ValueError(f"must be one of {', '.join(settings().regions)}")
    return region


ProjectName = Annotated[Line, Field(min_length=1, max_length=100)]
Region = Annotated[str, Field(max_length=40), AfterValidator(_region)]
Framework = Annotated[Line, Field(max_length=50)]
Description = Annotated[str, Field(max_length=2000)]

READ_ONLY = frozenset({"id", "status", "created_at", "updated_at"})


class ProjectCreate(Body):
    """A new project."""

    read_only = READ_ONLY

    name: ProjectName
    region: Region = Field(default="us-east-1")
    framework: Framework | None = None
    description: Description | None = None


class ProjectChange(Body):
    """What may be changed of a project; what is left out stays."""

    read_only = READ_ONLY | {"region"}

    name: ProjectName = Field(default_factory=str)
    framework: Framework | None = None
    description: Description | None = None


class ProjectAnswer(Answer):
    """A project. ``status`` is pending until it is set up, then active."""

    id: ProjectId
    name: str
    region: str
    framework: str | None
    description: str | None
    status: str
    created_at: Time
    updated_at: Time


class ProjectDeleted(Answer):
    """That a project is gone."""

    deleted: bool = True
    id: ProjectId
