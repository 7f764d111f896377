"""The table of routes in a package: the same routes, and a cold start that imports one feature."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import SOURCES, package

TOLD = """
import json, sys
import app
declared = sorted((path, method) for path, views in app.app.routes.items() for method in views)
before = "chalicelib.system.routes" in sys.modules
answer = app.app({
    "resource": "/v1/nothing", "path": "/v1/nothing", "httpMethod": "GET", "headers": {},
    "multiValueHeaders": {}, "queryStringParameters": None, "multiValueQueryStringParameters": None,
    "pathParameters": {"proxy": "v1/nothing"}, "stageVariables": None, "body": None,
    "isBase64Encoded": False,
    "requestContext": {
        "resourcePath": "/{proxy+}", "httpMethod": "GET", "identity": {"sourceIp": "192.0.2.1"},
    },
}, None)
after = "chalicelib.system.routes" in sys.modules
print(json.dumps([declared, before, answer["statusCode"], after]))
"""


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a package."""
    place = tmp_path_factory.mktemp("package") / "tree"
    package.add_sources(place)
    return place


def _told(place: Path) -> list[object]:
    command = [sys.executable, "-c", TOLD]
    said = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True).stdout
    found: list[object] = json.loads(said.splitlines()[-1])
    return found


def test_a_package_declares_what_a_checkout_does(packaged: Path) -> None:
    declared, imported_before, status, imported_after = _told(packaged)
    assert declared == _told(SOURCES)[0]
    assert (imported_before, status, imported_after) == (False, 404, True)
