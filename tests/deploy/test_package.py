"""The package: what is in it, that it is always the same, and that it answers on Lambda."""

import json
import os
import ssl
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from deploy import commands, package, roots

from .runtime import HERE, bring, request, running

NOT_SENT = {"boto3", "botocore", "pip", "setuptools", "moto", "local", "deploy", "tests", "yaml"}
UNCHECKED = 0b01  # PEP 552: by hash, which nobody compares


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package for this machine's processor."""
    place = tmp_path_factory.mktemp("packaged")
    commands.make_package(place, HERE, lambda _: None)
    return place / "package.zip"


@pytest.fixture(scope="module")
def unpacked(packaged: Path) -> Path:
    place = packaged.with_name("unpacked")
    with ZipFile(packaged) as made:
        made.extractall(place)
    return place


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bring(tmp_path_factory.mktemp("runtime") / "python")


def test_it_holds_what_runs_and_nothing_else(packaged: Path, unpacked: Path) -> None:
    names = {path.name for path in unpacked.iterdir()}
    assert {"app.py", "chalicelib", "chalice", "pydantic", "pynamodb"} <= names
    assert not names & NOT_SENT
    assert (unpacked / "chalicelib/http/routes.json").exists()
    assert packaged.stat().st_size <= package.LARGEST


def test_aws_is_trusted_by_amazon_s_own_roots_alone(packaged: Path, unpacked: Path) -> None:
    template = json.loads(packaged.with_name("template.json").read_text())
    variables = template["Resources"]["ApiFunction"]["Properties"]["Environment"]["Variables"]
    bundle = Path(variables["AWS_CA_BUNDLE"])
    assert bundle.parent == Path("/var/task")
    context = ssl.create_default_context(cafile=unpacked / bundle.name)
    trusted: list[Any] = context.get_ca_certs()
    names = [dict(pair for [pair] in one["subject"]) for one in trusted]
    assert [one["commonName"] for one in names] == list(roots.LABELS)
    assert {one["organizationName"] for one in names} == {"Amazon", "Starfield Technologies, Inc."}


def test_every_source_is_compiled_and_never_compared(unpacked: Path) -> None:
    for source in unpacked.rglob("*.py"):
        [compiled] = source.parent.glob(f"__pycache__/{source.stem}.*.pyc")
        assert int.from_bytes(compiled.read_bytes()[4:8], "little") == UNCHECKED, source


def test_the_same_files_make_the_same_package(tmp_path: Path) -> None:
    made = [_small(tmp_path / name, time) for name, time in (("one", 1e9), ("another", 1.5e9))]
    assert made[0] == made[1]


def _small(tree: Path, modified: float) -> bytes:
    for name in ("b.py", "a.py") if modified > 1e9 else ("a.py", "b.py"):
        source = tree / "inner" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text("answer = 42\n")
        os.utime(source, (modified, modified))
    package.compile_tree(tree)
    return package.zip_tree(tree, tree.with_suffix(".zip")).read_bytes()


def test_requests_are_answered_under_aws_s_runtime(unpacked: Path, brought: Path) -> None:
    with running(unpacked, "app.api", brought) as function:
        missing = function.call(request("GET", "/{proxy+}", "/v1/nothing"))
        stranger = function.call(request("GET", "/v1/projects"))
        unknown_method = function.call(request("DELETE", "/v1/projects"))
        preflight = function.call(request("OPTIONS", "/v1/projects"))
        described = function.call(request("GET", "/{proxy+}", "/openapi.json"))
    assert [missing["statusCode"], stranger["statusCode"]] == [404, 401]
    assert json.loads(missing["body"])["error"]["code"] == "not_found"
    assert unknown_method["statusCode"] == 405
    assert unknown_method["headers"]["Allow"] == "GET, POST"
    assert preflight["statusCode"] == 204
    assert json.loads(described["body"])["openapi"].startswith("3.1")


def test_messages_that_cannot_be_read_are_kept_under_aws_s_runtime(
    unpacked: Path, brought: Path
) -> None:
    records = [{"messageId": "one", "body": "nonsense"}, {"messageId": "two", "body": "{}"}]
    with running(unpacked, "app.work", brought) as function:
        answer = function.call({"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "one"}, {"itemIdentifier": "two"}]}


def test_the_schedule_is_heard_under_aws_s_runtime(unpacked: Path, brought: Path) -> None:
    names = ("version", "id", "account", "time", "region")
    event = {**dict.fromkeys(names, "one"), "resources": [], "detail": {}}
    event |= {"source": "aws.events", "detail-type": "Scheduled Event"}
    with running(unpacked, "app.sweep_jobs", brought) as function:
        assert function.call(event) is None
