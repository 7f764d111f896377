"""A change set: what is to become of a stack, made ready by CloudFormation before it is begun."""

import time
from typing import Any

from botocore.exceptions import ClientError

from . import DeployError, watch

Parameters = dict[str, str]
CAPABILITIES = ["CAPABILITY_IAM"]
NOTHING = ("didn't contain changes", "No updates are to be performed")


def make(
    cloudformation: Any, stack: str, kind: str, template_url: str, parameters: Parameters
) -> dict[str, Any] | None:
    """A change set that is ready, as it is described; None when nothing would change.

    Tables and buckets that an earlier ``destroy`` kept are taken in again. Raises ``DeployError``
    with CloudFormation's reasons when it does not take the template.
    """
    made = cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=f"deploy-{time.time_ns()}",
        ChangeSetType=kind,
        TemplateURL=template_url,
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
        Capabilities=CAPABILITIES,
        ImportExistingResources=True,
    )
    return _ready(cloudformation, {"StackName": stack, "ChangeSetName": made["Id"]})


def drop(cloudformation: Any, change_set: dict[str, Any]) -> None:
    """Forget a change set that was not begun."""
    cloudformation.delete_change_set(ChangeSetName=change_set["ChangeSetId"])


def line(change: dict[str, Any]) -> str:
    """One change of one resource."""
    replaced = " (replaced)" if change.get("Replacement") == "True" else ""
    return f"{change['Action']:<8}{change['LogicalResourceId']}  {change['ResourceType']}{replaced}"


def _ready(cloudformation: Any, asked: dict[str, str]) -> dict[str, Any] | None:
    while True:
        found: dict[str, Any] = cloudformation.describe_change_set(**asked)
        if found["Status"].endswith("_COMPLETE"):
            return found
        if found["Status"] == "FAILED":
            break
        time.sleep(watch.SECONDS)
    reason = found.get("StatusReason", "")
    has_changes = not any(said in reason for said in NOTHING)
    refusals = _refusals(cloudformation, found) if has_changes else []
    drop(cloudformation, found)
    if not has_changes:
        return None
    raise DeployError(
        "\n".join([f"CloudFormation does not take the template: {reason}", *refusals])
    )


def _refusals(cloudformation: Any, change_set: dict[str, Any]) -> list[str]:
    """What is wrong with each resource, where CloudFormation's validation has found something."""
    asked = {"ChangeSetName": change_set["ChangeSetId"], "Filters": {"FailedEvents": True}}
    try:
        events = cloudformation.describe_events(**asked)["OperationEvents"]
    except ClientError:
        return []
    return [
        f"  {one.get('LogicalResourceId', '')}: {one['ValidationStatusReason']}"
        for one in events
        if "ValidationStatusReason" in one
    ]
