"""Container images: what a build of one is told, and what a release is made of."""

import json
from dataclasses import replace
from typing import Any

import pytest
from moto.ecr.models import Repository, ecr_backends

from chalicelib import aws
from chalicelib.engines.aws import events, functions, images
from chalicelib.engines.aws.engine import AwsEngine
from chalicelib.engines.base import EngineUnavailable, Progress, Release, Stage
from tests.engines.aws import registry
from tests.engines.aws.cloud import BUCKET, IMAGE_PROJECT, PUSH_ROLE, Cloud, keys
from tests.engines.aws.life import SERVICE, build, build_of, release_of, roll, start
from tests.engines.aws.test_builds import event
from tests.engines.aws.test_releases import live_version

NAME = f"orbitra-local-app-{SERVICE}"
REPOSITORY = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{NAME}"
DOCKERFILE = {"dockerfile_path": "Dockerfile"}
ARM = {"os": "linux", "architecture": "arm64", "variant": "v8"}


def stored() -> Repository:
    return ecr_backends["123456789012"]["us-east-1"].repositories[NAME]


def tags() -> set[str]:
    return {tag for image in stored().images for tag in image.image_tags}


def order(name: str) -> Any:
    place = f"services/{SERVICE}/{name}/order.json"
    return json.loads(aws.client("s3").get_object(Bucket=BUCKET, Key=place)["Body"].read())


def manifest_of(uri: str | None) -> dict[str, Any]:
    """The manifest that an image's URI leads to."""
    digest = (uri or "").partition("@")[2]
    [found] = [each for each in stored().images if each.image_digest == digest]
    manifest: dict[str, Any] = json.loads(found.image_manifest)
    return manifest


def configuration_of(cloud: Cloud, uri: str | None) -> dict[str, Any]:
    """The configuration of an image, as a registry hands it out."""
    said: dict[str, Any] = json.loads(cloud.blobs[manifest_of(uri)["config"]["digest"]])
    return said


def test_a_build_is_told_what_to_make_and_where_to_push(
    aws_engine: AwsEngine, cloud: Cloud
) -> None:
    aws_engine.build(replace(build_of("dep_1", **DOCKERFILE), environment={"KEY": "of-the-user"}))
    (sent,) = cloud.of("codebuild.StartBuild")
    assert sent["projectName"] == IMAGE_PROJECT
    told = order("dep_1")
    assert (told["kind"], told["image"]) == ("image", f"{REPOSITORY}:dep_1")
    assert told["build"]["dockerfile_path"] == "Dockerfile"
    assert (told["user"], told["password"]) == ("AWS", "123456789012-auth-token")
    assert "auth-token" not in json.dumps(sent)
    assert "of-the-user" not in json.dumps(told)


def test_what_may_be_pushed_is_one_service_s_repository(
    aws_engine: AwsEngine, cloud: Cloud
) -> None:
    aws_engine.build(build_of("dep_1", **DOCKERFILE))
    (assumed,) = cloud.of("sts.AssumeRole")
    assert assumed["RoleArn"] == PUSH_ROLE
    anywhere, here = json.loads(assumed["Policy"])["Statement"]
    assert anywhere["Action"] == "ecr:GetAuthorizationToken"
    assert here["Resource"] == f"arn:aws:ecr:us-east-1:123456789012:repository/{NAME}"
    assert not any("*" in action or "Delete" in action for action in here["Action"])


def test_only_its_own_function_may_read_a_repository(aws_engine: AwsEngine, cloud: Cloud) -> None:
    aws_engine.build(build_of("dep_1", **DOCKERFILE))
    (made,) = cloud.of("ecr.CreateRepository")
    assert made["imageTagMutability"] == "IMMUTABLE"
    (policy,) = cloud.of("ecr.SetRepositoryPolicy")
    (statement,) = json.loads(policy["policyText"])["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    source = f"arn:aws:lambda:us-east-1:123456789012:function:{NAME}*"
    assert statement["Condition"] == {"StringLike": {"aws:SourceArn": source}}


def test_a_login_is_made_once(aws_engine: AwsEngine, cloud: Cloud) -> None:
    build(aws_engine, "dep_1", **DOCKERFILE)
    assert len(cloud.of("sts.AssumeRole")) == 1


def test_codebuild_s_event_wakes_the_job(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr("chalicelib.jobs.wake", woken.append)
    events.on_build(event(IMAGE_PROJECT, "job_1"))
    assert woken == ["job_1"]


def test_what_a_function_of_an_image_is_made_with(aws_engine: AwsEngine, cloud: Cloud) -> None:
    build(aws_engine, "dep_1", **DOCKERFILE)
    roll(aws_engine, "dep_1-1", "dep_1")
    (made,) = cloud.of("lambda.CreateFunction")
    assert (made["PackageType"], made["Architectures"]) == ("Image", ["arm64"])
    assert not {"Runtime", "Handler", "Layers"} & set(made)
    assert made["Code"]["ImageUri"].startswith(f"{REPOSITORY}@sha256:")
    assert made["Environment"]["Variables"] == {
        "AWS_LWA_PORT": "8080",
        "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
    }
    assert live_version()["PackageType"] == "Image"


@pytest.mark.parametrize("media_type", [registry.DOCKER, registry.OCI])
def test_a_release_has_the_layers_of_its_build_and_its_own_variables(
    aws_engine: AwsEngine, cloud: Cloud, media_type: str
) -> None:
    release = built_as(aws_engine, cloud, media_type)
    uri = images.of_release(release)
    manifest = manifest_of(uri)
    assert manifest["mediaType"] == media_type
    assert manifest["layers"][0]["digest"] == registry.digest(b"one layer")
    found = configuration_of(cloud, uri)
    assert found["architecture"] == "arm64"
    assert found["config"]["Cmd"] == ["/app"]
    assert found["config"]["Env"] == [
        "HOME=/tmp",
        "PATH=/usr/bin",
        "GREETING=it's",
        "PORT=8080",
    ]
    assert images.of_release(release) == uri
    assert len(cloud.of("ecr.PutImage")) == 1


def test_any_number_of_variables_fits(aws_engine: AwsEngine, cloud: Cloud) -> None:
    many = {f"KEY_{number}": "a\n\"b\" 'c' ü" * 100 for number in range(150)}
    release = replace(built_as(aws_engine, cloud), environment=many)
    found = configuration_of(cloud, images.of_release(release))["config"]["Env"]
    assert many.items() <= dict(each.split("=", 1) for each in found).items()


def test_a_start_command_goes_before_the_image_s_own(aws_engine: AwsEngine, cloud: Cloud) -> None:
    release = replace(built_as(aws_engine, cloud), start_command="serve --all")
    own = configuration_of(cloud, images.of_release(release))["config"]
    assert (own["Entrypoint"], own["Cmd"]) == (["/bin/sh", "-c", "serve --all"], [])


def test_of_several_platforms_ours_is_taken(aws_engine: AwsEngine, cloud: Cloud) -> None:
    release = built_as(aws_engine, cloud)
    manifests = [
        {"digest": "sha256:" + "0" * 64, "platform": {"os": "linux", "architecture": "amd64"}},
        {"digest": stored().images[0].image_digest, "platform": ARM},
    ]
    registry.put(NAME, "dep_2", {"schemaVersion": 2, "manifests": manifests}, registry.OCI_INDEX)
    uri = images.of_release(replace(release, deployment_id="dep_2"))
    assert manifest_of(uri)["layers"][0]["digest"] == registry.digest(b"one layer")
    registry.put(NAME, "dep_3", {"manifests": manifests[:1]}, registry.OCI_INDEX)
    assert images.of_release(replace(release, release_id="r", deployment_id="dep_3")) is None


def built_as(engine: AwsEngine, cloud: Cloud, media_type: str = registry.DOCKER) -> Release:
    """A release of a deployment that was pushed so."""
    engine.build(build_of("dep_1", **DOCKERFILE))
    registry.push(cloud.blobs, f"{REPOSITORY}:dep_1", "one layer", media_type)
    return release_of("dep_1-1", "dep_1")


def test_what_is_downloaded_is_compared_with_its_name(aws_engine: AwsEngine, cloud: Cloud) -> None:
    release = built_as(aws_engine, cloud)
    manifest = json.loads(stored().images[0].image_manifest)
    cloud.blobs[manifest["config"]["digest"]] = b"{}"
    with pytest.raises(EngineUnavailable) as raised:
        images.of_release(release)
    assert "something else" in raised.value.reason


def test_a_rollback_has_the_image_of_its_deployment(aws_engine: AwsEngine, cloud: Cloud) -> None:
    for name in ("dep_1", "dep_2"):
        build(aws_engine, name, **DOCKERFILE)
        roll(aws_engine, f"{name}-1", name)
    roll(aws_engine, "dep_3-1", "dep_1")
    uri = aws.client("lambda").get_function(FunctionName=NAME, Qualifier="live")
    assert manifest_of(uri["Code"]["ImageUri"])["layers"][0]["digest"] == registry.digest(b"dep_1")
    assert live_version()["Description"] == "dep_3-1"


def test_a_pre_deploy_command_runs_in_the_image(aws_engine: AwsEngine, cloud: Cloud) -> None:
    build(aws_engine, "dep_1", **DOCKERFILE)
    said = {"failure": "It ended.", "phase": "build"}
    cloud.outcome = {"status": "FAILED", "result": said}
    found = start(aws_engine, "dep_1-1", "dep_1", pre_deploy_command="migrate")
    assert (found.phase, found.message) == ("pre_deploy", "It ended.")
    assert cloud.of("codebuild.StartBuild")[-1]["projectName"] == IMAGE_PROJECT
    told = order("dep_1-1")
    assert (told["kind"], told["command"]) == ("image_pre_deploy", "migrate")
    assert told["image"].startswith(f"{REPOSITORY}@sha256:")
    allowed = json.loads(cloud.of("sts.AssumeRole")[-1]["Policy"])["Statement"][1]["Action"]
    assert "ecr:PutImage" not in allowed


def test_an_image_without_a_command(aws_engine: AwsEngine, cloud: Cloud) -> None:
    cloud.outcome = {"result": {"commit": None, "is_image": True, "has_command": False}}
    build(aws_engine, "dep_1", image_ref="nginx")
    assert "add CMD" in (start(aws_engine, "dep_1-1", "dep_1").message or "")
    assert start(aws_engine, "dep_1-2", "dep_1", start_command="serve").stage is Stage.HEALTHY


def test_images_go_with_the_last_version_of_them(aws_engine: AwsEngine, cloud: Cloud) -> None:
    for name in ("dep_1", "dep_2"):
        build(aws_engine, name, **DOCKERFILE)
        roll(aws_engine, f"{name}-1", name)
    for number in range(2, 11):
        roll(aws_engine, f"dep_2-{number}", "dep_2")
    assert tags() == {"dep_2", *(f"dep_2-{number}" for number in range(1, 11))}
    found = start(aws_engine, "dep_3-1", "dep_1")
    assert found.message == "The build of this deployment is no longer kept; deploy it again."


def test_a_cancelled_build_leaves_no_image(aws_engine: AwsEngine, cloud: Cloud) -> None:
    build(aws_engine, "dep_1", **DOCKERFILE)
    aws_engine.cancel("dep_1")
    assert tags() == set()
    assert not [key for key in keys() if key.endswith("order.json")]


def test_what_never_served_makes_way_for_the_other_kind(
    aws_engine: AwsEngine, cloud: Cloud
) -> None:
    build(aws_engine, "dep_1")
    start(aws_engine, "dep_1-1", "dep_1")
    build(aws_engine, "dep_2", **DOCKERFILE)
    roll(aws_engine, "dep_2-1", "dep_2")
    assert live_version()["PackageType"] == "Image"
    build(aws_engine, "dep_3")
    found = start(aws_engine, "dep_3-1", "dep_3")
    assert found == Progress(Stage.FAILED, message=functions.OTHER_KIND, phase="start")
    assert live_version()["Description"] == "dep_2-1"


def test_an_image_that_lambda_does_not_take(aws_engine: AwsEngine, cloud: Cloud) -> None:
    build(aws_engine, "dep_1", **DOCKERFILE)
    reasons = {"State": "Failed", "StateReasonCode": "InvalidImage"}
    cloud.configuration = reasons
    found = start(aws_engine, "dep_1-1", "dep_1")
    assert (found.message, found.phase) == (functions.NOT_TAKEN, "start")


def test_a_release_that_repeats_another_has_its_image(aws_engine: AwsEngine, cloud: Cloud) -> None:
    release = built_as(aws_engine, cloud)
    uri = images.of_release(release)
    assert images.of_release(replace(release, release_id="dep_2-1", repeats="dep_1-1")) == uri
    assert tags() == {"dep_1", "dep_1-1"}
