"""What CodeBuild tells of its builds, by EventBridge."""

from typing import Any

from ... import jobs
from ...settings import settings

PATTERN = {"source": ["aws.codebuild"], "detail-type": ["CodeBuild Build State Change"]}


def on_build(detail: dict[str, Any]) -> None:
    """Let the job look again whose build has changed; builds of others are left alone."""
    if detail["project-name"] not in {settings().build_project, settings().image_build_project}:
        return
    variables = detail["additional-information"]["environment"]["environment-variables"]
    for each in variables:
        if each["name"] == "ORBITRA_JOB_ID":
            jobs.wake(each["value"])
