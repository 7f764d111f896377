"""Where a service's traffic goes: an alias with a function URL, and how many may answer."""

from typing import Any

from ...settings import settings
from ..base import EngineUnavailable
from . import notes
from .calls import EXISTS, MISSING, ask, tell
from .versions import LIVE, Version, find, function, live

_NO_PROVISIONED = MISSING | {"ProvisionedConcurrencyConfigNotFoundException"}


def switch(service_id: str, release_id: str) -> str:
    """Send the traffic to the version of a release; the URL that leads there."""
    version = find(service_id, release_id)
    if version is None:
        raise EngineUnavailable(f"there is no version of {release_id}")
    lead(service_id, version, release_id)
    url = _open(service_id)
    _take_bound_off(service_id)
    if settings().reserve_instances:
        note = notes.read(service_id, release_id)
        # Unbound in between: what is reserved must never be less than what is kept warm.
        _keep_warm(service_id, 0 if note.get("sleeps", True) else int(note.get("instances", 1)))
        _reserve(service_id, int(note.get("max_instances", 1)))
    return url


def lead(service_id: str, version: Version, release_id: str) -> None:
    """Point the alias to the version of a release; what another has pointed meanwhile stays."""
    alias = live(service_id)
    where = {"FunctionName": function(service_id), "Name": LIVE}
    to = {"FunctionVersion": version.number, "Description": release_id}
    if alias is None:
        tell("lambda", "create_alias", **where, **to)
    elif {**alias, **to} != alias:
        tell("lambda", "update_alias", **where, **to, RevisionId=alias["RevisionId"])


def stop(service_id: str) -> None:
    """Let nothing of a service run."""
    if settings().reserve_instances:
        _keep_warm(service_id, 0)
    _reserve(service_id, 0)


def is_stopped(service_id: str) -> bool:
    """Whether nothing of a service may run."""
    name = function(service_id)
    found = ask("lambda", "get_function_concurrency", unless=MISSING, FunctionName=name)
    return (found or {}).get("ReservedConcurrentExecutions") == 0


def let_run(service_id: str) -> None:
    """Let a service run that is stopped, so that a version can be tried."""
    if is_stopped(service_id):
        _take_bound_off(service_id)


def _open(service_id: str) -> str:
    """The URL of the alias, where anybody may invoke it, as AWS asks for it twice."""
    alias = {"FunctionName": function(service_id), "Qualifier": LIVE}
    found = ask("lambda", "get_function_url_config", unless=MISSING, **alias)
    found = found or tell("lambda", "create_function_url_config", AuthType="NONE", **alias)
    _permit(alias, "url", "lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    _permit(alias, "url-invoke", "lambda:InvokeFunction", InvokedViaFunctionUrl=True)
    return str(found["FunctionUrl"]).rstrip("/")


def _permit(alias: dict[str, str], name: str, action: str, **condition: Any) -> None:
    given = {"StatementId": name, "Action": action, "Principal": "*", **condition}
    ask("lambda", "add_permission", unless=EXISTS, **alias, **given)


def _take_bound_off(service_id: str) -> None:
    name = function(service_id)
    ask("lambda", "delete_function_concurrency", unless=MISSING, FunctionName=name)


def _reserve(service_id: str, instances: int) -> None:
    which = {"FunctionName": function(service_id), "ReservedConcurrentExecutions": instances}
    ask("lambda", "put_function_concurrency", unless=MISSING, **which)


def _keep_warm(service_id: str, instances: int) -> None:
    """Keep so many instances ready to answer."""
    alias = {"FunctionName": function(service_id), "Qualifier": LIVE}
    if instances:
        number = {"ProvisionedConcurrentExecutions": instances}
        tell("lambda", "put_provisioned_concurrency_config", **alias, **number)
    else:
        ask("lambda", "delete_provisioned_concurrency_config", unless=_NO_PROVISIONED, **alias)
