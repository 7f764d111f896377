"""A template less what moto's CloudFormation cannot make; references to it are its name or ARN."""

import json
import re
from functools import partial
from typing import Any

from deploy import DECLARED

from .resolved import Resolver

UNKNOWN = {
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGateway::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::CodeBuild::Project",
    "AWS::S3::BucketPolicy",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::ConfigurationSetEventDestination",
    "AWS::SES::EmailIdentity",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
}


def taken(template: dict[str, Any], stack: str) -> dict[str, Any]:
    """The template as moto takes it.

    It reads a key's tags wrongly, knows no IPv6 of a network, and a log's ARN without its end.
    """
    network = json.loads((DECLARED / "network.json").read_text("utf-8"))["Resources"]
    resources = template["Resources"]
    gone = {name for name in resources if resources[name]["Type"] in UNKNOWN} | set(network)
    kept = {name: one for name, one in resources.items() if name not in gone}
    del kept["SecretsKey"]["Properties"]["Tags"]
    outputs = {name: one for name, one in template["Outputs"].items() if "Condition" not in one}
    less = template | {"Resources": kept, "Outputs": outputs}
    logs = {name for name in resources if resources[name]["Type"] == "AWS::Logs::LogGroup"}
    made: dict[str, Any] = _named(less, gone | logs, Resolver(template, stack))
    return made


def _named(value: Any, gone: set[str], resolver: Resolver) -> Any:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]} if name in gone:
            return resolver.resolved(value)
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": re.sub(_references(gone), partial(_text, resolver), text)}
        case dict():
            return {key: _named(inner, gone, resolver) for key, inner in value.items()}
        case list():
            return [_named(inner, gone, resolver) for inner in value]
    return value


def _references(gone: set[str]) -> str:
    return rf"\$\{{({'|'.join(gone)})(\.\w+)?\}}"


def _text(resolver: Resolver, found: re.Match[str]) -> str:
    return str(resolver.resolved({"Fn::Sub": found[0]}))
