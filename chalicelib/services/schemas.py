"""What clients send and get of web services."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ..engines.base import ProjectType
from ..http.schemas import Answer, Body, DeploymentId, Line, ProjectId, Query, ServiceId, Time
from ..security.egress import UnsafeUrl, check_git_url, check_url
from ..settings import settings
from ..variables.schemas import VariableSet

_HOST_PART = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"{_HOST_PART}((\.{_HOST_PART})+(:[0-9]+)?|:[0-9]+)"
_PATH_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
REFERENCE = (
    rf"^({_HOST}/)?{_PATH_PART}(/{_PATH_PART})*"
    r"(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$"
)
"""``registry.example.com:443/path/name:tag@sha256:…``, as Docker takes it."""
SPELLINGS = {"dev": "development", "prod": "production"}


def _git_url(url: str) -> str:
    allowed = settings()
    try:
        check_git_url(
            url,
            schemes=allowed.git_schemes,
            allow_loopback=allowed.allow_loopback,
            resolve=False,
        )
    except UnsafeUrl as error:
        raise ValueError(str(error)) from None
    return url


def _branch(name: str) -> str:
    """A branch name as ``git check-ref-format`` takes it; never an option."""
    forbidden = set(" ~^:?*[\\\x7f")
    parts = name.split("/")
    bad = any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    if bad or name.startswith("-") or ".." in name or "@{" in name or name.endswith("."):
        raise ValueError("is not a valid branch name")
    if forbidden.intersection(name) or not name.isprintable():
        raise ValueError("is not a valid branch name")
    return name


def _inside(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be a path inside the repository, without ..")
    return path


def _no_option(path: str) -> str:
    if path.startswith("-"):
        raise ValueError("must not begin with a hyphen")
    return path


def _registry(reference: str) -> str:
    """An image of a public registry; without a host it is Docker Hub's."""
    first, slash, _ = reference.partition("/")
    if not slash or not ({".", ":"} & set(first) or first == "localhost"):
        return reference
    try:
        check_url(f"https://{first}", schemes=["https"], allow_loopback=False, resolve=False)
    except UnsafeUrl as error:
        raise ValueError(str(error)) from None
    return reference


def _environment(name: Any) -> Any:
    return SPELLINGS.get(name, name) if isinstance(name, str) else name


GitUrl = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_git_url)]
Branch = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_branch)]
ServiceName = Annotated[Line, Field(min_length=1, max_length=63)]
Directory = Annotated[Line, Field(max_length=500), AfterValidator(_inside)]
DockerfilePath = Annotated[
    Line,
    Field(min_length=1, max_length=500),
    AfterValidator(_inside),
    AfterValidator(_no_option),
]
ImageRef = Annotated[str, Field(max_length=500, pattern=REFERENCE), AfterValidator(_registry)]
Command = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*$")]
UrlPath = Annotated[str, Field(max_length=1000, pattern=r"^/[!-~]*$")]
Environment = Annotated[
    Literal["development", "staging", "production"], BeforeValidator(_environment)
]
SourceType = Literal["git", "image"]
Port = Annotated[int, Field(ge=1, le=65535)]

READ_ONLY = frozenset(
    [
        "id",
        "status",
        "url",
        "subdomain",
        "live_deployment_id",
        "config_pending",
        "created_at",
        "updated_at",
    ]
)


PUBLISHED = (
    "The folder of a static site, within the root directory; without it the one that the build or"
    " the repository has an index.html in"
)
FALLBACK = "A static site answers unknown paths with index.html"
SOURCE = "Whether the app is built from its repository, or is the image at image_ref"
DOCKERFILE = (
    "Build a container image by this file, whose path begins at the root directory; that directory"
    " is what the file can copy from"
)
IMAGE = "A public image for linux/arm64; every deployment gets it anew"


class _ServiceFields(Body):
    git_repository_url: GitUrl | None = None
    branch: Branch = "main"
    root_directory: Directory | None = None
    build_command: Command | None = None
    start_command: Command | None = None
    pre_deploy_command: Command | None = None
    source_type: Annotated[SourceType, Field(description=SOURCE)] = "git"
    dockerfile_path: Annotated[DockerfilePath | None, Field(description=DOCKERFILE)] = None
    image_ref: Annotated[ImageRef | None, Field(description=IMAGE)] = None
    project_type: ProjectType = "web_service"
    publish_directory: Annotated[Directory | None, Field(description=PUBLISHED)] = None
    spa: Annotated[bool, Field(description=FALLBACK)] = False
    port: Port = 8080
    health_check_path: UrlPath | None = None
    min_instances: Annotated[int, Field(ge=0, le=10)] = 1
    max_instances: Annotated[int, Field(ge=1, le=10)] = 1
    auto_deploy: bool = False
    environment: Environment = "production"

    @model_validator(mode="before")
    @classmethod
    def _github_branch(cls, sent: Any) -> Any:
        """``github_branch`` is another spelling of ``branch``."""
        if isinstance(sent, dict) and "github_branch" in sent:
            spelled = {"branch": sent["github_branch"], **sent}
            return {key: value for key, value in spelled.items() if key != "github_branch"}
        return sent


class ServiceCreate(_ServiceFields):
    """A new web service; without ``project_id`` it joins the workspace's default project."""

    read_only = READ_ONLY

    name: ServiceName
    project_id: ProjectId | None = None
    env_vars: Annotated[list[VariableSet], Field(max_length=200, default_factory=list)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if "max_instances" not in self.model_fields_set:
            self.max_instances = max(1, self.min_instances)
        return self


class ServiceChange(_ServiceFields):
    """What may be changed of a web service; what is left out stays."""

    read_only = READ_ONLY | {"project_id"}

    name: ServiceName = Field(default_factory=str)


class ServiceAnswer(Answer):
    """A web service. ``config_pending``: a change waits for the next deploy or
    restart; of the repository, branch, image, directory and build command for a deploy.

    ``url`` is null until a first deployment is live where only that says it, as on AWS. A worker
    has neither ``url`` nor ``subdomain``.
    """

    id: ServiceId
    project_id: ProjectId
    name: str
    status: str
    url: str | None
    subdomain: str | None
    git_repository_url: str | None
    branch: str
    root_directory: str | None
    build_command: str | None
    start_command: str | None
    pre_deploy_command: str | None
    source_type: str
    dockerfile_path: str | None
    image_ref: str | None
    project_type: str
    publish_directory: str | None
    spa: bool
    port: int
    health_check_path: str | None
    min_instances: int
    max_instances: int
    auto_deploy: bool
    environment: str
    live_deployment_id: DeploymentId | None
    config_pending: bool
    created_at: Time
    updated_at: Time


Follow = Annotated[
    bool,
    Field(
        description="Stream what there is and every new line as server-sent events; an"
        " installation that cannot answers 400"
    ),
]


class LogQuery(Query):
    """Which log lines: the last ``tail``, written at or after ``since`` (epoch seconds).

    With ``follow``, every line that is written after them too, as server-sent events.
    """

    tail: Annotated[int, Field(ge=1, le=10_000)] = 100
    since: Annotated[int, Field(ge=0, le=99_999_999_999)] | None = None
    follow: Follow = False


class Logs(Answer):
    """Log lines, each beginning with an RFC 3339 time; ``timestamp`` is when they were read."""

    logs: str
    container_id: str | None
    timestamp: Time


PERIODS = {"15m": 900, "1h": 3600, "6h": 21_600, "24h": 86_400}
Period = Literal["15m", "1h", "6h", "24h"]


class MetricsQuery(Query):
    """How far back: a point every ten seconds up to an hour, every minute beyond."""

    period: Period = "1h"


class Metrics(Answer):
    """What all instances take together, and may take; 100 percent is one core.

    What the engine does not measure is null.
    """

    cpu_percent: float | None
    memory_bytes: int | None
    memory_limit_bytes: int
    instances: int
    timestamp: Time


class MetricsPoint(Answer):
    """What all instances took at a time; ``instances`` counts the healthy ones."""

    timestamp: Time
    cpu_percent: float | None
    memory_bytes: int | None
    instances: int


class MetricsHistory(Answer):
    """The points of a period, the oldest first."""

    period: Period
    points: list[MetricsPoint]


class ServiceFilter(Query):
    """Which web services: all of the workspace, or one project's."""

    project_id: ProjectId | None = None
