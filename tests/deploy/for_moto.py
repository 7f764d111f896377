"""A template less what moto's CloudFormation cannot make; references to it become its name."""

import json
import re
from typing import Any

from deploy import DECLARED

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


def taken(template: dict[str, Any]) -> dict[str, Any]:
    """The template as moto takes it; it reads a key's tags wrongly, and no IPv6 of a network."""
    network = json.loads((DECLARED / "network.json").read_text("utf-8"))["Resources"]
    resources = template["Resources"]
    gone = {name for name in resources if resources[name]["Type"] in UNKNOWN} | set(network)
    kept = {name: one for name, one in resources.items() if name not in gone}
    del kept["SecretsKey"]["Properties"]["Tags"]
    outputs = {name: one for name, one in template["Outputs"].items() if "Condition" not in one}
    made: dict[str, Any] = _named(template | {"Resources": kept, "Outputs": outputs}, gone)
    return made


def _named(value: Any, gone: set[str]) -> Any:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]} if name in gone:
            return name
        case {"Fn::Sub": str(text)}:
            names = "|".join(gone)
            return {"Fn::Sub": re.sub(rf"\$\{{({names})(\.\w+)?\}}", r"\1", text)}
        case dict():
            return {key: _named(inner, gone) for key, inner in value.items()}
        case list():
            return [_named(inner, gone) for inner in value]
    return value
