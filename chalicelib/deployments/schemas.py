"""What clients send and get of deployments."""

from typing import Annotated, Any, Self, cast

from pydantic import Field, TypeAdapter, field_validator

from ..engines.base import Phase
from ..engines.causes import Finding
from ..http.schemas import Answer, Body, DeploymentId, ProjectId, Query, ServiceId, Time
from ..services.schemas import Branch, Follow, GitUrl
from ..variables.schemas import Key, NewValue
from .store import Deployment

PLATFORM_STATUS = {
    "queued": "building",
    "cloning": "building",
    "building": "building",
    "rolling_back": "deploying",
}
PUBLIC_STATUS = {
    "queued": "pending",
    "live": "running",
    "superseded": "running",
    "canceled": "cancelled",
}
_KEY: TypeAdapter[str] = TypeAdapter(Key)


class ProjectDeploy(Body):
    """What to deploy of a project; ``environment`` is merged into its variables, as secrets."""

    git_url: GitUrl
    branch: Branch = "main"
    environment: Annotated[dict[str, NewValue], Field(max_length=200, default_factory=dict)]

    @field_validator("environment")
    @classmethod
    def _named_well(cls, environment: dict[str, str]) -> dict[str, str]:
        for key in environment:
            _checked(key)
        return environment


def _checked(key: str) -> None:
    try:
        _KEY.validate_python(key)
    except ValueError:
        rule = "letters, digits and _, not beginning with a digit, at most 256"
        raise ValueError(f"the key {key[:80]!r} must be made of {rule}") from None


class ServiceDeploy(Body):
    """What to deploy of a web service; without ``branch`` its own."""

    branch: Branch | None = None


class WaitQuery(Query):
    """How many seconds to wait for the deployment to end."""

    wait: Annotated[int, Field(ge=0, le=25)] = 0


class BuildLogQuery(Query):
    """Whether to go on with every line that the build writes."""

    follow: Follow = False


class _Deployment(Answer):
    id: DeploymentId
    project_id: ProjectId
    status: str
    url: str | None
    git_url: str | None
    image_ref: str | None
    branch: str
    commit: str | None
    error_message: str | None
    rollback_from_deployment_id: DeploymentId | None
    created_at: Time
    finished_at: Time | None
    duration_ms: int | None


class PlatformDeployment(_Deployment):
    """A deployment, as ``/v1`` shows it."""

    service_id: ServiceId

    @classmethod
    def of(cls, deployment: Deployment) -> Self:
        """The answer about a deployment."""
        return cls(**_shown(deployment, PLATFORM_STATUS), service_id=deployment.service_id)


class PublicDeployment(_Deployment):
    """A deployment, as ``/api`` shows it. ``build_logs`` is null in lists."""

    web_service_id: ServiceId
    is_live: bool
    build_logs: str | None

    @classmethod
    def of(cls, deployment: Deployment, build_logs: str | None = None) -> Self:
        """The answer about a deployment."""
        return cls(
            **_shown(deployment, PUBLIC_STATUS),
            web_service_id=deployment.service_id,
            is_live=deployment.status == "live",
            build_logs=build_logs,
        )


class Diagnosis(Answer):
    """Why a deployment failed, or how it is.

    ``cause`` is a short code, ``"unknown"`` for a failure that tells nothing known, null when
    nothing failed. ``phase`` is where it failed; ``evidence`` the lines of the log that show it.
    """

    deployment_id: DeploymentId
    status: str
    phase: Phase | None
    cause: str | None
    summary: str
    evidence: list[str]
    suggestions: list[str]

    @classmethod
    def of(cls, deployment: Deployment, found: Finding, spelling: dict[str, str]) -> Self:
        """The answer about what was found of a deployment."""
        return cls(
            deployment_id=deployment.id,
            status=spelling.get(deployment.status, deployment.status),
            phase=cast("Phase | None", deployment.failed_phase),
            cause=found.code,
            summary=found.summary,
            evidence=list(found.evidence),
            suggestions=list(found.suggestions),
        )


def _shown(deployment: Deployment, spelling: dict[str, str]) -> dict[str, Any]:
    created, finished = int(deployment.created_at), deployment.finished_at
    return {
        "id": deployment.id,
        "project_id": deployment.project_id,
        "status": spelling.get(deployment.status, deployment.status),
        "url": deployment.url,
        "git_url": deployment.git_url,
        "image_ref": deployment.image_ref,
        "branch": deployment.branch,
        "commit": deployment.commit,
        "error_message": deployment.error_message,
        "rollback_from_deployment_id": deployment.rollback_from_deployment_id,
        "created_at": created,
        "finished_at": int(finished) if finished else None,
        "duration_ms": int(finished) - created if finished else None,
    }
