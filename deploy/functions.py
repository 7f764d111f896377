"""The functions: one for each handler that ``app.py`` declares, with all that belongs to it.

How long each may take, what it may do and what its environment is stands in
``.chalice/config.json``, in Chalice's own words.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from chalice.app import Chalice, CloudWatchEventConfig, ScheduledEventConfig, SQSEventConfig
from chalice.config import Config

from . import DECLARED
from .events import from_pattern, from_queue, from_schedule
from .runtime import RUNTIME

Resources = dict[str, Any]
API = "api_handler"
ALARMS = ("Errors", "Throttles")
SAYS_WHO = {"Service": "lambda.amazonaws.com"}


class Handler(NamedTuple):
    """One handler: Chalice's name for it, where it is, and what calls it (None: API Gateway)."""

    name: str
    entry: str
    source: Any = None

    @property
    def logical(self) -> str:
        """What its resources' logical ids begin with."""
        return self.name.removesuffix("_handler").title().replace("_", "").replace("-", "")


def handlers(app: Chalice) -> list[Handler]:
    """Every handler of the app, that of the API first."""
    sources = [Handler(one.name, one.handler_string, one) for one in app.event_sources]
    return [Handler(API, "app.api"), *sources]


def resources(app: Chalice) -> Resources:
    """The resources of all functions, by logical id."""
    config = json.loads((DECLARED / "config.json").read_text("utf-8"))
    made: Resources = {}
    for handler in handlers(app):
        scoped = Config(function_name=handler.name, config_from_disk=config)
        made.update(_belongings(handler, scoped))
        made.update(_source(handler))
    return made


def _belongings(handler: Handler, config: Config) -> Iterator[tuple[str, Any]]:
    logical = handler.logical
    yield f"{logical}Logs", _log_group(handler)
    yield f"{logical}Role", _role(handler, config)
    yield f"{logical}Function", _function(handler, config)
    for metric in ALARMS:
        yield f"{logical}{metric}Alarm", _alarm(handler, metric)


def function_name(handler: Handler) -> dict[str, str]:
    """What the function is called in the account."""
    return {"Fn::Sub": f"${{AWS::StackName}}-{handler.name.removesuffix('_handler')}"}


def _log_group(handler: Handler) -> Resources:
    name = function_name(handler)["Fn::Sub"]
    return {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {
            "LogGroupName": {"Fn::Sub": f"/aws/lambda/{name}"},
            "RetentionInDays": {"Ref": "LogRetentionDays"},
        },
    }


def _role(handler: Handler, config: Config) -> Resources:
    policy = json.loads((DECLARED / config.iam_policy_file).read_text("utf-8"))
    assume = {"Effect": "Allow", "Principal": SAYS_WHO, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [assume]},
            "Policies": [
                {"PolicyName": "own-log", "PolicyDocument": _own_log(handler)},
                {"PolicyName": handler.name, "PolicyDocument": policy},
            ],
        },
    }


def _own_log(handler: Handler) -> Resources:
    write = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": [f"{handler.logical}Logs", "Arn"]},
    }
    return {"Version": "2012-10-17", "Statement": [write]}


def _function(handler: Handler, config: Config) -> Resources:
    variables = config.environment_variables
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": function_name(handler),
            "Handler": handler.entry,
            "Runtime": RUNTIME,
            "Architectures": [{"Ref": "Architecture"}],
            "MemorySize": {"Ref": "Memory"},
            "Timeout": config.lambda_timeout,
            "Code": {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}},
            "Role": {"Fn::GetAtt": [f"{handler.logical}Role", "Arn"]},
            "LoggingConfig": {"LogGroup": {"Ref": f"{handler.logical}Logs"}},
            "Environment": {"Variables": {name: _value(variables[name]) for name in variables}},
        },
    }


def _value(text: str) -> Any:
    return {"Fn::Sub": text} if "${" in text else text


def _alarm(handler: Handler, metric: str) -> Resources:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"{metric} of a function: its log group says more",
            "Namespace": "AWS/Lambda",
            "MetricName": metric,
            "Dimensions": [
                {"Name": "FunctionName", "Value": {"Ref": f"{handler.logical}Function"}}
            ],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Alarms"}],
        },
    }


def _source(handler: Handler) -> Resources:
    """What calls the function. Raises ``NotImplementedError`` for what no handler has yet."""
    match handler.source:
        case None:
            return {}
        case SQSEventConfig():
            return from_queue(handler.logical, handler.source)
        case ScheduledEventConfig():
            return from_schedule(handler.logical, handler.source)
        case CloudWatchEventConfig():
            return from_pattern(handler.logical, handler.source)
    raise NotImplementedError(f"{handler.name}: a {type(handler.source).__name__}")
