"""Push hooks: made and deleted on the Public surface, called by git hosts on the Platform's."""

from ..http.call import Call
from ..http.surfaces import platform, public
from ..services.routes import PATH, ServiceInPath
from ..services.store import Service
from . import service, store
from .schemas import NewPushHook, PushHookAnswer, Received
from .store import PushHook

HOOK = PATH + "/push-hook"


@public.post(HOOK, scope="write", status=201)
def create_push_hook(call: Call, web_service: ServiceInPath) -> NewPushHook:
    """Make the address that a git host calls after a push; a former one is worth nothing then.

    Pushes to the service's branch are deployed while ``auto_deploy`` is on.
    """
    hook, url = service.make(call, web_service)
    return NewPushHook(**_shown(hook, web_service), url=url)


@public.get(HOOK, scope="read")
def get_push_hook(call: Call, web_service: ServiceInPath) -> PushHookAnswer:
    """Say whether a web service has a push hook."""
    del call
    return PushHookAnswer(**_shown(service.get(web_service), web_service))


@public.delete(HOOK, scope="write", status=204)
def delete_push_hook(call: Call, web_service: ServiceInPath) -> None:
    """Delete a web service's push hook."""
    store.remove(call.tx, service.get(web_service))


@platform.post("/hooks/git/{token}", scope=None, counted=False, refusals=(404, 409))
def receive_push(call: Call, token: str) -> Received:
    """Take a push of GitHub, GitLab or Gitea, or a plain call with an empty body, and deploy."""
    deployment, reason = service.receive(call, token)
    deployment_id = deployment.id if deployment else None
    return Received(deployed=deployment is not None, deployment_id=deployment_id, reason=reason)


def _shown(hook: PushHook, web_service: Service) -> dict[str, object]:
    return {
        "web_service_id": hook.service_id,
        "active": web_service.auto_deploy,
        "created_at": int(hook.created_at),
        "created_by": hook.made_by,
    }
