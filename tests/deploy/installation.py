"""The deployed installation, run in this process: by the environment of its own functions.

Beside it is made what moto's CloudFormation cannot make, by the template's own words.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import app
from chalicelib import aws, engines, features
from chalicelib.settings import settings
from chalicelib.store.items import Item
from deploy import template
from tests.conftest import make_fresh
from tests.engines.aws.cloud import Cloud, zipped
from tests.engines.aws.cloud import watched as behind

from .conftest import NAME
from .resolved import ACCOUNT, REGION, Resolver

LAYER = "LambdaAdapterLayerArm64"
ADAPTER = {"ORBITRA_WEB_ADAPTER_LAYER": f"arn:aws:lambda:us-east-1:753240598075:layer:{LAYER}:1"}


@contextmanager
def installed(**more: str) -> Iterator[Cloud]:
    """Let the app be the deployed one: its tables, queue, bucket, key, engine.

    ``more`` are variables that an operator adds to those of the functions.
    """
    configured = aws.client("lambda").get_function_configuration(FunctionName=f"{NAME}-work")
    variables = configured["Environment"]["Variables"]
    with ExitStack() as undo:
        undo.callback(settings.cache_clear)
        undo.enter_context(patch.dict(os.environ, variables | ADAPTER | more))
        settings.cache_clear()
        for change in _of_tables(settings().table_prefix):
            undo.enter_context(change)
        make_fresh()
        engines._current.clear()
        cloud = _make_what_is_missing()
        undo.callback(_remove_what_is_beside)
        undo.enter_context(behind(cloud))
        yield cloud


def _of_tables(prefix: str) -> Iterator[Any]:
    """Models keep the names that their tables had when they were imported."""
    features.all_routes()
    for meta in {one.Meta for one in _kinds(Item) if hasattr(one, "Meta")}:
        yield patch.object(meta, "table_name", prefix + meta.table_name.rpartition("-")[2])


def _kinds(kind: Any) -> Iterator[Any]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def _make_what_is_missing() -> Cloud:
    made = template.make(app.app)
    declared = Resolver(made, NAME).resolved(made["Resources"])
    projects = [one for one in declared.values() if one["Type"] == "AWS::CodeBuild::Project"]
    for project in projects:
        _make_project(_for_boto(project["Properties"]))
    content = {"ZipFile": zipped("adapter")}
    aws.client("lambda").publish_layer_version(LayerName=LAYER, Content=content)
    address = settings().mail_from.partition("<")[2].rstrip(">")
    aws.client("sesv2").create_email_identity(EmailIdentity=address)
    _correct_key(declared["SecretsKey"]["Properties"])
    _deliver_by_hand()
    return Cloud(log_group=declared["BuildLogs"]["Properties"]["LogGroupName"])


def _make_project(declared: dict[str, Any]) -> None:
    del declared["visibility"]  # another call's
    declared["source"]["location"] = "none"  # moto asks for one
    aws.client("codebuild").create_project(**declared)


def _deliver_by_hand() -> None:
    """Moto would start the function in a container; tests hand messages to it themselves."""
    found = aws.client("lambda").list_event_source_mappings(FunctionName=f"{NAME}-work")
    for one in found["EventSourceMappings"]:
        aws.client("lambda").update_event_source_mapping(UUID=one["UUID"], Enabled=False)


def _remove_what_is_beside() -> None:
    from moto.codebuild.models import codebuild_backends
    from moto.ses.models import ses_backends

    functions, logs, prefix = aws.client("lambda"), aws.client("logs"), settings().app_prefix
    for one in functions.list_functions()["Functions"]:
        if one["FunctionName"].startswith(prefix):
            functions.delete_function(FunctionName=one["FunctionName"])
    found = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{prefix}")["logGroups"]
    for one in found:
        logs.delete_log_group(logGroupName=one["logGroupName"])
    for backends in (codebuild_backends, ses_backends):
        backends[ACCOUNT][REGION].reset()


def _for_boto(value: Any) -> Any:
    """CodeBuild's own spelling of what a template declares."""
    match value:
        case dict():
            return {_spelt(name): _for_boto(inner) for name, inner in value.items()}
        case list():
            return [_for_boto(inner) for inner in value]
    return value


def _spelt(name: str) -> str:
    return "buildspec" if name == "BuildSpec" else name[0].lower() + name[1:]


def _correct_key(declared: dict[str, Any]) -> None:
    """Give the key its tags, and its policy in the form that moto's KMS reads."""
    kms, key_id = aws.client("kms"), settings().kms_key_id
    tags = [{"TagKey": one["Key"], "TagValue": one["Value"]} for one in declared["Tags"]]
    kms.tag_resource(KeyId=key_id, Tags=tags)
    policy = json.dumps(declared["KeyPolicy"])
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=policy)
