"""One CloudFormation stack: changed by change sets, watched until it is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from . import DeployError, change_set
from .account import Account
from .change_set import Parameters
from .watch import Say, Watch

HUSKS = {"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
UNBORN = {"", "REVIEW_IN_PROGRESS"}  # the latter has change sets, and nothing else
OVERTAKEN = {"ChangeSetNotFound", "InvalidChangeSetStatus", "OperationInProgressException"}
FOR_A_WHILE = "This takes some minutes; Ctrl-C ends the watching only"


class Stack:
    """The stack of one stage."""

    def __init__(self, account: Account, stage: str, say: Say = print) -> None:
        self.name = f"orbitra-{stage}"
        self._account = account
        self._cloudformation = account.client("cloudformation")
        self._say = say

    def outputs(self) -> dict[str, str]:
        """What it tells of itself, by name; raises ``DeployError`` when there is no stack."""
        found = self._find()
        if not found:
            raise DeployError(f"There is no stack {self.name} in {self._account.region}")
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def deploy(self, template_url: str, parameters: Parameters) -> bool:
        """Bring the stack to what the template says; whether that changed anything.

        Raises ``DeployError`` with the reason of the resource that failed.
        """
        self._clear_the_way()
        with self._unless_overtaken():
            found = self._change_set(template_url, parameters)
            if found is None:
                return False
            watch = self._watch(found["StackId"])
            named = {"StackName": self.name, "ChangeSetName": found["ChangeSetId"]}
            self._cloudformation.execute_change_set(**named)
        self._say(FOR_A_WHILE)
        self._end(watch, "CREATE_COMPLETE", "UPDATE_COMPLETE")
        return True

    def changes(self, template_url: str, parameters: Parameters) -> list[str]:
        """What a deploy would do, a line for each resource; it is not done."""
        self.refuse_when_busy()
        if (status := self._status()) in HUSKS:
            raise DeployError(f"{self.name} is {status}: deploy removes it, and makes all anew")
        with self._unless_overtaken():
            found = self._change_set(template_url, parameters)
            if found:
                change_set.drop(self._cloudformation, found)
        if status in UNBORN:
            self._drop_unborn()
        return [change_set.line(one["ResourceChange"]) for one in (found or {}).get("Changes", [])]

    def destroy(self) -> bool:
        """Remove the stack, if there is one; what its template retains stays."""
        self.refuse_when_busy()
        if not self._status():
            return False
        self._delete()
        return True

    def refuse_when_busy(self) -> None:
        """Raises ``DeployError`` while another deploy is at work."""
        status = self._status()
        if status.endswith("_IN_PROGRESS") and status not in UNBORN:
            raise self._overtaken(status)

    def _status(self) -> str:
        """CloudFormation's word for how it is; empty when there is none."""
        found = self._find()
        return str(found["StackStatus"]) if found else ""

    def _find(self) -> dict[str, Any] | None:
        try:
            found = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return dict(found[0])

    def _clear_the_way(self) -> None:
        """End what an earlier deploy has left half done."""
        self.refuse_when_busy()
        status = self._status()
        if status in HUSKS:
            self._say(f"{self.name} is {status}: removing it first. Tables and buckets stay")
            self._delete()
        elif status == "UPDATE_ROLLBACK_FAILED":
            self._say(f"{self.name} is {status}: going on with that first")
            watch = self._watch(self.name)
            self._cloudformation.continue_update_rollback(StackName=self.name)
            self._end(watch, "UPDATE_ROLLBACK_COMPLETE")

    def _change_set(self, template_url: str, parameters: Parameters) -> dict[str, Any] | None:
        kind = "CREATE" if self._status() in UNBORN else "UPDATE"
        return change_set.make(self._cloudformation, self.name, kind, template_url, parameters)

    def _drop_unborn(self) -> None:
        """Remove the stack that is there only because somebody asked what a first deploy does."""
        if self._status() == "REVIEW_IN_PROGRESS":
            self._cloudformation.delete_stack(StackName=self.name)

    def _delete(self) -> None:
        found = self._find() or {}
        watch = self._watch(found["StackId"])
        self._cloudformation.delete_stack(StackName=found["StackId"])
        self._end(watch, "DELETE_COMPLETE")

    def _watch(self, stack_id: str) -> Watch:
        return Watch(self._cloudformation, stack_id, self._say)

    def _end(self, watch: Watch, *good: str) -> None:
        status = watch.until_done()
        if status not in good:
            raise DeployError(f"The stack {self.name} ended as {status}.\n{watch.reasons()}")

    @contextmanager
    def _unless_overtaken(self) -> Iterator[None]:
        """Two deploys at once may both make change sets; the second finds its own gone."""
        try:
            yield
        except ClientError as error:
            if error.response["Error"]["Code"] in OVERTAKEN or "_IN_PROGRESS" in str(error):
                raise self._overtaken(self._status()) from None
            raise

    def _overtaken(self, status: str) -> DeployError:
        return DeployError(
            f"The stack {self.name} is being changed ({status}), by another deploy or by one that "
            "is not watched any more: wait until that is done, and run this again"
        )
