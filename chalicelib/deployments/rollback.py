"""Rolling back: the code and the configuration of an earlier deployment, and what that changes."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..errors import Conflict
from ..http.call import Call
from ..services import service as services
from ..services.store import Service
from . import service as deployments
from . import store
from .store import Configuration, Deployment

NOT_SETTINGS = {"git_url", "branch", "environment", "secret_keys", "revision"}


@dataclass(frozen=True)
class VariableDiff:
    """A variable that a rollback would change; None where it is absent."""

    key: str
    before: str | None = field(repr=False)
    after: str | None = field(repr=False)
    is_secret: bool

    @property
    def change(self) -> Literal["added", "changed", "removed"]:
        """What would become of it."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Plan:
    """What a rollback would change. ``settings`` are name, present and coming value."""

    target: Deployment
    live: Deployment | None
    settings: list[tuple[str, Any, Any]]
    variables: list[VariableDiff]


def rollback(call: Call, target: Deployment) -> Deployment:
    """Deploy again what an earlier successful deployment built, as it was configured."""
    service = _service(call, target)
    configuration = store.configuration(call.tenant, target.release_id)
    return deployments.deploy_again(call, service, target, configuration)


def plan(call: Call, target: Deployment) -> Plan:
    """What a rollback would change of what serves now; nothing is changed."""
    service = _service(call, target)
    after = store.configuration(call.tenant, target.release_id)
    before = _present(service)
    live = Deployment.of(call.tenant, service.live_deployment_id or "-")
    return Plan(target, live, _settings(before, after), _variables(before, after))


def _service(call: Call, target: Deployment) -> Service:
    if target.status not in {"live", "superseded"}:
        raise Conflict("Only a deployment that was live can be rolled back to")
    return services.get(call, target.service_id)


def _present(service: Service) -> Configuration | None:
    """What serves now; None when nothing does."""
    release_id = service.live_release_id
    return store.configuration(service.tenant, release_id) if release_id else None


def _settings(before: Configuration | None, after: Configuration) -> list[tuple[str, Any, Any]]:
    present, coming = asdict(before) if before else {}, asdict(after)
    names = [name for name in coming if name not in NOT_SETTINGS]
    rows = [(name, present.get(name), coming[name]) for name in names]
    return [row for row in rows if row[1] != row[2]]


def _variables(before: Configuration | None, after: Configuration) -> list[VariableDiff]:
    present = before.environment if before else {}
    secret = {*after.secret_keys, *(before.secret_keys if before else ())}
    rows = [
        VariableDiff(key, present.get(key), after.environment.get(key), key in secret)
        for key in sorted({*present, *after.environment})
    ]
    return [row for row in rows if row.before != row.after]
