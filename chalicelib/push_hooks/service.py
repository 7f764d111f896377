"""The rules of push hooks."""

import secrets

from ..deployments import service as deployments
from ..deployments.store import Deployment
from ..errors import NotFound
from ..http.call import Call, Caller
from ..services import service as services
from ..services.store import Service
from ..settings import settings
from . import pushes, store
from .pushes import Push
from .store import PushHook

TOKEN_BYTES = 32


def make(call: Call, service: Service) -> tuple[PushHook, str]:
    """Give a service a hook, in place of any former one; it and its address."""
    services.must_stay(service)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    made_by, digest = call.caller.user_id, store.digest(token)
    hook = PushHook.new(call.tenant, service.id, digest=digest, made_by=made_by)
    store.replace(call.tx, hook, PushHook.of(call.tenant, service.id))
    return hook, f"{settings().public_base_url.rstrip('/')}/v1/hooks/git/{token}"


def get(service: Service) -> PushHook:
    """The service's hook. Raises ``NotFound``."""
    hook = PushHook.of(service.tenant, service.id)
    if hook is None:
        raise NotFound("This web service has no push hook; make one by POST")
    return hook


def receive(call: Call, token: str) -> tuple[Deployment | None, str | None]:
    """Deploy what was pushed; the deployment, or why there is none. Raises ``NotFound``."""
    hook = store.by_token(token)
    service = services.find(hook.tenant, hook.service_id) if hook else None
    if hook is None or service is None:
        raise NotFound
    call.known_caller = _caller(hook)
    reason = _why_not(service, pushes.read(call.headers, call.raw_body))
    return (None, reason) if reason else (deployments.deploy(call, service, None), None)


def _caller(hook: PushHook) -> Caller:
    """A push acts for who made the hook, in the service's workspace."""
    mode, workspace_id = hook.tenant.split("#")
    return Caller(hook.made_by, workspace_id, "write", mode=mode)


def _why_not(service: Service, push: Push | None) -> str | None:
    if push is None:
        return "This is no push to a branch"
    if not service.auto_deploy:
        return "auto_deploy is off; turn it on by PATCH"
    if push.branch not in {None, service.branch}:
        return f"The push was not to {service.branch}, which this web service deploys"
    return None
