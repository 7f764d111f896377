"""What calls a function besides API Gateway: a queue, a schedule, an event."""

import json
from typing import Any

from chalice.app import CloudWatchEventConfig, ScheduledEventConfig, SQSEventConfig

from . import DECLARED

Resources = dict[str, Any]
APP = "orbitra-"
MOST_WORKERS = 5  # a young account runs ten functions at a time: some are left to the API


def from_queue(logical: str, source: SQSEventConfig) -> Resources:
    """Batches of a queue; the messages that the function names are kept, the others are done."""
    mapping = {
        "EventSourceArn": {"Fn::GetAtt": [_queue(source.queue or ""), "Arn"]},
        "FunctionName": {"Ref": f"{logical}Function"},
        "BatchSize": source.batch_size,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": MOST_WORKERS},
    }
    return {f"{logical}Source": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}}


def from_schedule(logical: str, source: ScheduledEventConfig) -> Resources:
    """A rate or a cron expression."""
    expression = source.schedule_expression
    text = expression if isinstance(expression, str) else expression.to_string()
    return _rule(logical, {"ScheduleExpression": text})


def from_pattern(logical: str, source: CloudWatchEventConfig) -> Resources:
    """Events of other services; of CodeBuild those of our own project."""
    pattern = dict(source.event_pattern)
    if pattern.get("source") == ["aws.codebuild"]:
        own = {"project-name": [{"Ref": "BuildProject"}]}
        pattern["detail"] = pattern.get("detail", {}) | own
    return _rule(logical, {"EventPattern": pattern})


def _rule(logical: str, when: Resources) -> Resources:
    function = {"Fn::GetAtt": [f"{logical}Function", "Arn"]}
    target = {"Id": "function", "Arn": function}
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": f"{logical}Function"},
        "Principal": "events.amazonaws.com",
        "SourceArn": {"Fn::GetAtt": [f"{logical}Rule", "Arn"]},
    }
    rule = {**when, "State": "ENABLED", "Targets": [target]}
    return {
        f"{logical}Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
        f"{logical}Permission": {"Type": "AWS::Lambda::Permission", "Properties": permission},
    }


def _queue(name: str) -> str:
    """The logical id of the queue that ``app.py`` calls ``orbitra-…``."""
    declared = json.loads((DECLARED / "resources.json").read_text("utf-8"))["Resources"]
    own = {"Fn::Sub": f"${{AWS::StackName}}-{name.removeprefix(APP)}"}
    for logical, one in declared.items():
        if one["Properties"].get("QueueName") == own:
            return str(logical)
    raise LookupError(f"app.py listens to the queue {name}, which resources.json does not have")
