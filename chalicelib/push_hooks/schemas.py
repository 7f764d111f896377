"""What clients get of push hooks."""

from ..http.schemas import Answer, DeploymentId, ServiceId, Time, UserId


class PushHookAnswer(Answer):
    """That a service has a push hook. ``active``: whether its pushes deploy (``auto_deploy``)."""

    web_service_id: ServiceId
    active: bool
    created_at: Time
    created_by: UserId


class NewPushHook(PushHookAnswer):
    """A push hook with its address, which is shown this once."""

    url: str


class Received(Answer):
    """What came of a push: a deployment, or why there is none."""

    deployed: bool
    deployment_id: DeploymentId | None
    reason: str | None
