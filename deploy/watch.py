"""What happens to a stack, told as it happens."""

import time
from collections.abc import Callable
from typing import Any

Say = Callable[[str], None]
SECONDS = 3
FOLLOWED = ("cancelled", "canceled")


class Watch:
    """A stack from now on. It is known by its id, under which it is found when it is deleted."""

    def __init__(self, cloudformation: Any, stack_id: str, say: Say) -> None:
        self._cloudformation = cloudformation
        self._id = stack_id
        self._say = say
        page = cloudformation.describe_stack_events(StackName=stack_id)
        self._seen = {one["EventId"] for one in page["StackEvents"]}
        self._failures: list[dict[str, Any]] = []

    def until_done(self) -> str:
        """Tell what happens to each resource; the stack's status in the end.

        A status is no end while nothing has happened: it may be that of before.
        """
        has_begun = False
        while True:
            status = self._status()
            has_begun |= self._tell_events()
            if has_begun and not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(SECONDS)

    def reasons(self) -> str:
        """Why it failed: each resource's own reason, without what only followed from it."""
        reasons = [
            f"  {one['LogicalResourceId']}: {one.get('ResourceStatusReason', 'no reason given')}"
            for one in self._failures
            if not any(said in one.get("ResourceStatusReason", "") for said in FOLLOWED)
        ]
        return "\n".join(reasons)

    def _status(self) -> str:
        found = self._cloudformation.describe_stacks(StackName=self._id)["Stacks"]
        return str(found[0]["StackStatus"])

    def _tell_events(self) -> bool:
        """Say what is new; whether anything was."""
        new = self._new_events()
        for event in new:
            reason = event.get("ResourceStatusReason", "")
            told = f"{event['ResourceStatus']:<28} {event['LogicalResourceId']}  {reason}"
            self._say(told.rstrip())
        self._failures += [one for one in new if one["ResourceStatus"].endswith("_FAILED")]
        return bool(new)

    def _new_events(self) -> list[dict[str, Any]]:
        """The events since the last call, the oldest first."""
        pages = self._cloudformation.get_paginator("describe_stack_events")
        new = []
        for page in pages.paginate(StackName=self._id):
            fresh = [one for one in page["StackEvents"] if one["EventId"] not in self._seen]
            new += fresh
            if len(fresh) < len(page["StackEvents"]):
                break
        self._seen.update(one["EventId"] for one in new)
        return new[::-1]
