"""A service's own container repository in ECR, and who may do what in it.

It holds the image of each deployment, tagged by the deployment's id, and what is made of it for
each release, tagged by the release's id. Tags are immutable.
"""

import base64
import json
from typing import Any

from ...settings import settings
from .calls import ask, tell, tell_as
from .versions import function

EXISTS = frozenset({"RepositoryAlreadyExistsException"})
MISSING = frozenset({"RepositoryNotFoundException"})
PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
_LOGIN_SECONDS = 3600  # as long as a role that was assumed may assume another


def name(service_id: str) -> str:
    """The name of a service's repository."""
    return function(service_id).lower()


def reference(service_id: str, which: str) -> str:
    """An image of a service as Docker and Lambda name it; ``which`` is ``:tag`` or ``@digest``."""
    _, account = _partition_and_account()
    return f"{account}.dkr.ecr.{settings().region}.amazonaws.com/{name(service_id)}{which}"


def make(service_id: str) -> None:
    """Make the repository of a service, which its function may read; once."""
    which = {"repositoryName": name(service_id)}
    ask("ecr", "create_repository", unless=EXISTS, **which, imageTagMutability="IMMUTABLE")
    tell("ecr", "set_repository_policy", **which, policyText=json.dumps(_for_lambda(service_id)))


def remove(service_id: str) -> None:
    """Remove the repository of a service with its images, if it has one."""
    which = {"repositoryName": name(service_id)}
    ask("ecr", "delete_repository", unless=MISSING, **which, force=True)


def remove_image(service_id: str, tag: str) -> None:
    """Remove the image of a deployment or a release, if there is one."""
    which = {"repositoryName": name(service_id), "imageIds": [{"imageTag": tag}]}
    ask("ecr", "batch_delete_image", unless=MISSING, **which)


def login(service_id: str, actions: tuple[str, ...]) -> dict[str, str]:
    """A ``user`` and a ``password`` for Docker: good for these actions in this repository only."""
    assumed = tell(
        "sts",
        "assume_role",
        RoleArn=settings().image_push_role_arn,
        RoleSessionName=service_id[-64:],
        DurationSeconds=_LOGIN_SECONDS,
        Policy=json.dumps(_narrowed(service_id, actions)),
    )
    told = tell_as(assumed["Credentials"], "ecr", "get_authorization_token")
    token = base64.b64decode(told["authorizationData"][0]["authorizationToken"]).decode()
    user, _, password = token.partition(":")
    return {"user": user, "password": password}


def _narrowed(service_id: str, actions: tuple[str, ...]) -> dict[str, Any]:
    arn = _arn("ecr", f"repository/{name(service_id)}")
    return _policy(
        {"Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {"Action": list(actions), "Resource": arn},
    )


def _for_lambda(service_id: str) -> dict[str, Any]:
    source = {"aws:SourceArn": _arn("lambda", f"function:{function(service_id)}*")}
    return _policy(
        {
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": list(PULL),
            "Condition": {"StringLike": source},
        }
    )


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    allowed = [{"Effect": "Allow", **each} for each in statements]
    return {"Version": "2012-10-17", "Statement": allowed}


def _arn(service: str, resource: str) -> str:
    partition, account = _partition_and_account()
    return f"arn:{partition}:{service}:{settings().region}:{account}:{resource}"


def _partition_and_account() -> tuple[str, str]:
    """Those of the installation, as the ARN of one of its roles says them."""
    _, partition, _, _, account, _ = settings().image_push_role_arn.split(":")
    return partition, account
