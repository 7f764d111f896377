"""Accounts whose answers a test has written down, CloudFormation's among them.

Calls go through botocore, which checks their parameters, and are answered in place of AWS.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.session import get_session

from deploy.account import Account

from .conftest import NAME

Event = tuple[str, str, str]
Answer = tuple[Any, dict[str, Any]]
BEGUN = {"ContinueUpdateRollback", "DeleteStack", "ExecuteChangeSet"}


class Answering(Account):
    """An account whose every call is answered by a function of the call's name."""

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self.region = "us-east-1"
        self.calls: list[str] = []
        self._answer = answer

    def client(self, service: str) -> Any:
        made = get_session().create_client(service, self.region)
        made.meta.events.register("before-call", self._hear)
        return made

    def _hear(self, model: Any, **_: Any) -> Answer:
        self.calls.append(model.name)
        return self._answer(model.name)


class Cloud(Answering):
    """A stack that goes the way that a test has written down."""

    def __init__(self, status: str, refused: dict[str, str] | None = None) -> None:
        super().__init__(self._said)
        self.change_set: dict[str, Any] = {
            "ChangeSetId": "arn:changeset",
            "StackId": NAME,
            "Status": "CREATE_COMPLETE",
            "Changes": [],
        }
        self._refused = refused or {}
        self._status = status
        self._told: list[Event] = []
        self._to_come: list[tuple[str, tuple[Event, ...]]] = []
        self._goes_on = False

    def then(self, status: str, *events: Event) -> None:
        """What comes next, when something was begun: events are (what, status, reason)."""
        self._to_come.append((status, events))

    def _said(self, call: str) -> Answer:
        self._goes_on |= call in BEGUN
        if call in self._refused:
            return refused(self._refused[call])
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "CreateChangeSet": lambda: {"Id": "arn:changeset", "StackId": NAME},
            "DescribeChangeSet": lambda: self.change_set,
            "DescribeEvents": lambda: {"OperationEvents": [VALIDATED]},
            "DescribeStackEvents": lambda: {"StackEvents": self._events()},
            "DescribeStacks": lambda: {"Stacks": [self._stack()]},
        }
        return answered(answers.get(call, dict)())

    def _stack(self) -> dict[str, Any]:
        if self._goes_on and self._to_come:
            self._status, events = self._to_come.pop(0)
            self._told += events
            self._goes_on = self._status.endswith("_IN_PROGRESS") or not events
        return {"StackId": NAME, "StackName": NAME, "StackStatus": self._status}

    def _events(self) -> list[dict[str, Any]]:
        return [
            {
                "EventId": f"{number}",
                "LogicalResourceId": logical,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for number, (logical, status, reason) in reversed(list(enumerate(self._told)))
        ]


VALIDATED = {"LogicalResourceId": "JobsQueue", "ValidationStatusReason": "it exists"}


def answered(body: dict[str, Any]) -> Answer:
    """What AWS answers, as botocore hands it on."""
    return SimpleNamespace(status_code=200), body


def refused(code: str) -> Answer:
    """An answer that botocore raises as an error."""
    return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": "it is so"}}
