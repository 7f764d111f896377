"""A CloudFormation with one stack, which goes the way that a test has written down.

Calls go through botocore, which checks their parameters, and are answered in place of AWS.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.session import get_session

from deploy.account import Account

from .conftest import NAME

Event = tuple[str, str, str]
BEGUN = {"ContinueUpdateRollback", "DeleteStack", "ExecuteChangeSet"}
WHEN = "2026-01-01"


class Cloud(Account):
    """An account, as far as a ``Stack`` needs one."""

    def __init__(self, status: str, refused: dict[str, tuple[str, str]] | None = None) -> None:
        self.region = "us-east-1"
        self.calls: list[str] = []
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

    def client(self, service: str) -> Any:
        made = get_session().create_client(service, self.region)
        made.meta.events.register("before-call.cloudformation", self._answer)
        return made

    def _answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]]:
        self.calls.append(model.name)
        self._goes_on |= model.name in BEGUN
        if model.name in self._refused:
            return _refused(*self._refused[model.name])
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "CreateChangeSet": lambda: {"Id": "arn:changeset", "StackId": NAME},
            "DescribeChangeSet": lambda: self.change_set,
            "DescribeEvents": lambda: {"OperationEvents": [VALIDATED]},
            "DescribeStackEvents": lambda: {"StackEvents": self._events()},
            "DescribeStacks": lambda: {"Stacks": [self._stack()]},
        }
        return SimpleNamespace(status_code=200), answers.get(model.name, dict)()

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


def refusing(code: str) -> Callable[..., Any]:
    """A handler of ``before-call`` that answers with this error."""
    return lambda **_: _refused(code, "no")


def _refused(code: str, message: str) -> tuple[Any, dict[str, Any]]:
    return SimpleNamespace(status_code=400), {"Error": {"Code": code, "Message": message}}
