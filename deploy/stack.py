"""One CloudFormation stack: changed by change sets, watched until it is done."""

import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from . import DeployError
from .account import Account

Say = Callable[[str], None]
Parameters = dict[str, str]
CAPABILITIES = ["CAPABILITY_IAM"]
SECONDS = 3
NOTHING = ("didn't contain changes", "No updates are to be performed")
FOLLOWED = ("cancelled", "canceled")
HUSKS = {"ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"}  # a first deploy that came to nothing


class Stack:
    """The stack of one stage."""

    def __init__(self, account: Account, stage: str, say: Say = print) -> None:
        self.name = f"orbitra-{stage}"
        self._account = account
        self._cloudformation = account.client("cloudformation")
        self._say = say
        self._seen: set[str] = set()
        self._failures: list[dict[str, Any]] = []

    def status(self) -> str:
        """CloudFormation's word for how it is; empty when there is none."""
        found = self._find()
        return str(found["StackStatus"]) if found else ""

    def outputs(self) -> dict[str, str]:
        """What it tells of itself, by name."""
        found = self._find() or {}
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def deploy(self, template_url: str, parameters: Parameters) -> bool:
        """Bring the stack to what the template says; whether that changed anything.

        Raises ``DeployError`` with the reason of the resource that failed.
        """
        self._clear_the_way()
        self._remember_events()
        change_set = self._change_set(template_url, parameters)
        if change_set is None:
            return False
        self._cloudformation.execute_change_set(
            StackName=self.name, ChangeSetName=change_set["ChangeSetId"]
        )
        self._wait("UPDATE_COMPLETE", "CREATE_COMPLETE")
        return True

    def changes(self, template_url: str, parameters: Parameters) -> list[str]:
        """What a deploy would do, a line for each resource; it is not done."""
        self.refuse_when_busy()
        is_new = self.status() in {"", "REVIEW_IN_PROGRESS"}
        change_set = self._change_set(template_url, parameters)
        lines = [_line(one["ResourceChange"]) for one in (change_set or {}).get("Changes", [])]
        if is_new:
            self._cloudformation.delete_stack(StackName=self.name)
        elif change_set:
            self._drop(change_set)
        return lines

    def destroy(self) -> None:
        """Remove the stack; what its template retains stays."""
        self.refuse_when_busy()
        if not self.status():
            raise DeployError(f"There is no stack {self.name} in {self._account.region}")
        self._remember_events()
        self._cloudformation.delete_stack(StackName=self.name)
        self._wait("DELETE_COMPLETE", "")

    def resources(self) -> list[dict[str, Any]]:
        """What is in it, as CloudFormation describes it."""
        pages = self._cloudformation.get_paginator("list_stack_resources")
        listed = pages.paginate(StackName=self.name)
        return [one for page in listed for one in page["StackResourceSummaries"]]

    def _find(self) -> dict[str, Any] | None:
        try:
            found = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return dict(found[0])

    def refuse_when_busy(self) -> None:
        """Raises ``DeployError`` while another deploy is at work."""
        status = self.status()
        if status.endswith("_IN_PROGRESS") and status not in HUSKS:
            raise DeployError(
                f"The stack {self.name} is being changed by another deploy ({status}): wait until "
                "that is done, and run this again"
            )

    def _clear_the_way(self) -> None:
        self.refuse_when_busy()
        if self.status() in HUSKS:
            self._say(f"Removing what is left of a first deploy of {self.name} that failed")
            self._cloudformation.delete_stack(StackName=self.name)
            self._wait("DELETE_COMPLETE", "")

    def _change_set(self, template_url: str, parameters: Parameters) -> dict[str, Any] | None:
        """A change set that is ready to be executed, or None when nothing would change.

        Tables and buckets that an earlier ``destroy`` kept are taken in again.
        """
        kind = "UPDATE" if self.status() not in {"", "REVIEW_IN_PROGRESS"} else "CREATE"
        made = self._cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=f"deploy-{time.time_ns()}",
            ChangeSetType=kind,
            TemplateURL=template_url,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            Capabilities=CAPABILITIES,
            ImportExistingResources=True,
        )
        return self._ready(made["Id"])

    def _ready(self, change_set_id: str) -> dict[str, Any] | None:
        while True:
            asked = {"StackName": self.name, "ChangeSetName": change_set_id}
            found: dict[str, Any] = self._cloudformation.describe_change_set(**asked)
            if found["Status"].endswith("_COMPLETE"):
                return found
            if found["Status"] == "FAILED":
                break
            time.sleep(SECONDS)
        self._drop(found)
        reason = found.get("StatusReason", "")
        if any(said in reason for said in NOTHING):
            return None
        raise DeployError(f"CloudFormation does not take the template: {reason}")

    def _drop(self, change_set: dict[str, Any]) -> None:
        self._cloudformation.delete_change_set(
            StackName=self.name, ChangeSetName=change_set["ChangeSetId"]
        )

    def _wait(self, *good: str) -> None:
        """Tell what happens to each resource until the stack is done."""
        while (status := self._told_status()).endswith("_IN_PROGRESS"):
            time.sleep(SECONDS)
        if status not in good:
            raise DeployError(f"The stack {self.name} ended as {status}.\n{self._reasons()}")

    def _told_status(self) -> str:
        """How the stack is; said before are the events that led there."""
        status = self.status()
        for event in self._new_events() if status else []:
            reason = event.get("ResourceStatusReason", "")
            told = f"{event['ResourceStatus']:<28} {event['LogicalResourceId']}  {reason}"
            self._say(told.rstrip())
            if event["ResourceStatus"].endswith("_FAILED"):
                self._failures.append(event)
        return status

    def _reasons(self) -> str:
        """Why it failed: each resource's own reason, without what only followed from it."""
        reasons = [
            f"  {one['LogicalResourceId']}: {one.get('ResourceStatusReason', 'no reason given')}"
            for one in self._failures
            if not any(said in one.get("ResourceStatusReason", "") for said in FOLLOWED)
        ]
        return "\n".join(reasons)

    def _remember_events(self) -> None:
        self._failures.clear()
        if self.status():
            self._new_events()

    def _new_events(self) -> list[dict[str, Any]]:
        """The events since the last call, the oldest first."""
        pages = self._cloudformation.get_paginator("describe_stack_events")
        new = []
        for page in pages.paginate(StackName=self.name):
            fresh = [one for one in page["StackEvents"] if one["EventId"] not in self._seen]
            new += fresh
            if len(fresh) < len(page["StackEvents"]):
                break
        self._seen.update(one["EventId"] for one in new)
        return new[::-1]


def _line(change: dict[str, Any]) -> str:
    replaced = " (replaced)" if change.get("Replacement") == "True" else ""
    return f"{change['Action']:<8}{change['LogicalResourceId']}  {change['ResourceType']}{replaced}"
