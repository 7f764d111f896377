"""Which of the functions calls what of AWS, and whether its role lets it."""

from ast import literal_eval
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property, wraps
from typing import Any, NamedTuple
from unittest.mock import patch

from botocore.client import BaseClient

import app
from chalicelib import aws
from chalicelib.store.wire import Wire
from local.gateway import Gateway

from .conftest import NAME
from .iam import Circumstances, Need, Statement, allows, covers, many
from .needs import BY_S3, needs, on_key

HANDLERS = {"work": "work", "sweep": "sweep_jobs", "built": "hear_of_builds"}
BY_LAMBDA = {
    "logs:CreateLogStream": "Lambda writes what a function prints",
    "logs:PutLogEvents": "the same",
    "sqs:DeleteMessage": "Lambda polls the queue as the function's role",
    "sqs:GetQueueAttributes": "the same",
    "sqs:ReceiveMessage": "the same",
}


class Call(NamedTuple):
    """One call of AWS, and which function made it."""

    function: str
    service: str
    operation: str
    given: dict[str, Any]


@dataclass
class Walk:
    """What was called meanwhile; what is called outside of the functions is not."""

    calls: list[Call] = field(default_factory=list)
    acting: str = ""

    def acts(self, function: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """The handler, after whose function its calls are named."""

        @wraps(real)
        def handle(*arguments: Any) -> Any:
            with patch.object(self, "acting", function):
                return real(*arguments)

        return handle

    def note(self, service: str, operation: str, given: dict[str, Any]) -> None:
        """Keep a call, if a function makes it."""
        if self.acting:
            self.calls.append(Call(self.acting, service, operation, dict(given)))

    def refused(self) -> list[str]:
        """Each need of a function that its role does not allow."""
        roles = self.roles
        return sorted(f"{who}: {need}" for who, need in self.needs if not allows(roles[who], need))

    def unused(self) -> list[str]:
        """Each action and resource of a role that no call has needed."""
        return sorted(
            f"{function}: {one}"
            for function, statements in self.roles.items()
            for statement in statements
            for one in self._unused(function, statement)
        )

    def _unused(self, function: str, statement: Statement) -> Iterator[str]:
        needed = [need for whose, need in self.needs if whose == function]
        actions = [one for one in many(statement["Action"]) if one not in BY_LAMBDA]
        yield from (one for one in actions if one not in {need.action for need in needed})
        places = {need.resource for need in needed if need.action in many(statement["Action"])}
        for pattern in many(statement["Resource"]) if actions else []:
            if not any(covers(pattern, place) for place in places):
                yield f"{statement.get('Sid')} of {pattern}"

    @cached_property
    def roles(self) -> dict[str, list[Statement]]:
        """What the policies of each function's role say."""
        return {function: _statements(function) for function in ("api", *HANDLERS)}

    @cached_property
    def needs(self) -> set[tuple[str, Need]]:
        """What each call asks of IAM; an object is opened with the key under which it was put."""
        sealed = {_place(one): one.given["SSEKMSKeyId"] for one in self.calls if _is_sealed(one)}
        found = set()
        for one in self.calls:
            found |= {(one.function, _with_tags(need)) for need in needs(*one[1:])}
            if one.operation == "GetObject" and _place(one) in sealed:
                opened = on_key("Decrypt", sealed[_place(one)], BY_S3)
                found.add((one.function, _with_tags(opened)))
        return found


@contextmanager
def watched() -> Iterator[Walk]:
    """Note every call of AWS by the deployed functions, and those that they sign for others."""
    walk = Walk()
    with ExitStack() as undo:
        for function, handler in HANDLERS.items():
            acting = walk.acts(function, getattr(app, handler))
            undo.enter_context(patch.object(app, handler, acting))
        handle = walk.acts("api", Gateway.handle)
        undo.enter_context(patch.object(Gateway, "handle", handle))
        undo.enter_context(patch.object(BaseClient, "_make_api_call", _noting_calls(walk)))
        undo.enter_context(patch.object(BaseClient, "_emit_api_params", _noting_urls(walk)))
        undo.enter_context(patch.object(Wire, "_make_api_call", _noting_items(walk)))
        yield walk


def _noting_calls(walk: Walk) -> Callable[..., Any]:
    real = BaseClient._make_api_call

    def call(client: Any, operation: str, given: dict[str, Any]) -> Any:
        walk.note(client.meta.service_model.service_name, operation, given)
        return real(client, operation, given)

    return call


def _noting_urls(walk: Walk) -> Callable[..., Any]:
    """A URL that a function has signed acts with the function's rights."""
    real = BaseClient._emit_api_params

    def emit(client: Any, api_params: Any, operation_model: Any, context: Any) -> Any:
        if context.get("is_presign_request"):
            service = client.meta.service_model.service_name
            walk.note(service, operation_model.name, api_params)
        return real(client, api_params, operation_model, context)

    return emit


def _noting_items(walk: Walk) -> Callable[..., Any]:
    real = Wire._make_api_call

    def call(wire: Wire, operation: str, given: dict[str, Any]) -> Any:
        walk.note("dynamodb", operation, given)
        return real(wire, operation, given)

    return call


def _is_sealed(call: Call) -> bool:
    return call.operation == "PutObject" and "SSEKMSKeyId" in call.given


def _place(call: Call) -> str:
    return f"{call.given.get('Bucket')}/{call.given.get('Key')}"


def _with_tags(need: Need) -> Need:
    """A key's tags are a circumstance by which policies choose."""
    if not need.action.startswith("kms:"):
        return need
    return need._replace(circumstances=need.circumstances + _tags(need.resource))


@cache
def _tags(key: str) -> Circumstances:
    tags = aws.client("kms").list_resource_tags(KeyId=key)["Tags"]
    return tuple((f"aws:ResourceTag/{one['TagKey']}", one["TagValue"]) for one in tags)


def _statements(function: str) -> list[Statement]:
    """All that the policies of a deployed function's role say."""
    iam = aws.client("iam")
    found = aws.client("lambda").get_function_configuration(FunctionName=f"{NAME}-{function}")
    role = found["Role"].rpartition("/")[2]
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in names]
    # Moto's CloudFormation keeps a document as Python prints it.
    documents = [literal_eval(policy["PolicyDocument"]) for policy in policies]
    return [one for document in documents for one in document["Statement"]]
