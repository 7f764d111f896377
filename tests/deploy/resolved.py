"""What a template's references stand for, as far as its own words tell: names and ARNs."""

import re
from typing import Any

REGION, ACCOUNT = "us-east-1", "123456789012"
HERE = f"{REGION}:{ACCOUNT}"
NAMED_BY = {
    "AWS::CodeBuild::Project": "Name",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SES::ConfigurationSet": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}
ARNS = {
    "AWS::CodeBuild::Project": f"arn:aws:codebuild:{HERE}:project/{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{HERE}:table/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{HERE}:key/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{HERE}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:{HERE}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{HERE}:{{}}",
}


class Resolver:
    """Puts names and ARNs where a stack's template refers to its own resources."""

    def __init__(self, template: dict[str, Any], stack: str) -> None:
        self._resources = template["Resources"]
        self._known = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackName": stack,
            "AWS::URLSuffix": "amazonaws.com",
        }

    def resolved(self, value: Any) -> Any:
        """The value; references that nothing is known of become what they refer to."""
        match value:
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), _]}:
                return self._arn(name)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([\w:]+)(\.Arn)?\}", self._substitute, text)
            case dict():
                return {key: self.resolved(inner) for key, inner in value.items()}
            case list():
                return [self.resolved(inner) for inner in value]
        return value

    def _substitute(self, found: re.Match[str]) -> str:
        return self._arn(found[1]) if found[2] else self._reference(found[1])

    def _reference(self, name: str) -> str:
        """A topic is referred to by its ARN, all else by its name."""
        is_topic = self._resources.get(name, {}).get("Type") == "AWS::SNS::Topic"
        return self._arn(name) if is_topic else self._name(name)

    def _name(self, name: str) -> str:
        declared = self._resources.get(name, {"Type": ""})
        given = declared.get("Properties", {}).get(NAMED_BY.get(declared["Type"], ""))
        return str(self.resolved(given)) if given else self._known.get(name, name)

    def _arn(self, name: str) -> str:
        return ARNS.get(self._resources[name]["Type"], "{}").format(self._name(name))
