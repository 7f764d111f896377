"""AWS's own DynamoDB, as far as it gives it away, in place of moto's.

``make prove`` runs the tests of the store's conditions against it by ``python -m
tests.dynamodb_local DIRECTORY``, in which its jar is somewhere. In the tests its address is in
``DYNAMODB_LOCAL``.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from botocore.session import get_session

TESTS = (
    *("store", "http", "jobs", "workspaces", "api_keys", "projects", "services", "deployments"),
    *("variables", "project_secrets", "bindings", "environments", "push_hooks", "webhooks"),
)
PORT = 8123

URL = os.environ.get("DYNAMODB_LOCAL", "")
_KEPT = ("TableName", "AttributeDefinitions", "KeySchema")
_INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_IN_INDEX = ("IndexName", "KeySchema", "Projection")


def use() -> None:
    """Send every call for a table there from now on."""
    if URL:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = URL


def reset() -> None:
    """Make the tables that moto holds anew there, empty."""
    if not URL:
        return
    moto, real = _client(None), _client(URL)
    for name in real.list_tables()["TableNames"]:
        real.delete_table(TableName=name)
    for name in moto.list_tables()["TableNames"]:
        real.create_table(**_wanted(moto.describe_table(TableName=name)["Table"]))


def _client(url: str | None) -> Any:
    return get_session().create_client("dynamodb", endpoint_url=url)


def _wanted(table: dict[str, Any]) -> dict[str, Any]:
    indexes = {
        kind: [{name: one[name] for name in _IN_INDEX} for one in table[kind]]
        for kind in _INDEXES
        if table.get(kind)
    }
    return {name: table[name] for name in _KEPT} | indexes | {"BillingMode": "PAY_PER_REQUEST"}


def main() -> int:
    """Run the tests against a DynamoDB of their own; pytest's exit status."""
    jar = next(Path(sys.argv[1]).rglob("DynamoDBLocal.jar"))
    libraries = f"-Djava.library.path={jar.parent}/DynamoDBLocal_lib"
    options = ["-inMemory", "-sharedDb", "-port", str(PORT)]
    server = subprocess.Popen(["java", libraries, "-jar", str(jar), *options], cwd=jar.parent)
    try:
        _wait()
        command = [sys.executable, "-m", "pytest", *(f"tests/{name}" for name in TESTS)]
        address = {"DYNAMODB_LOCAL": f"http://127.0.0.1:{PORT}"}
        return subprocess.run(command, check=False, env=os.environ | address).returncode
    finally:
        server.kill()


def _wait() -> None:
    for _ in range(300):
        try:
            httpx.get(f"http://127.0.0.1:{PORT}")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("DynamoDB Local does not answer")


if __name__ == "__main__":
    sys.exit(main())
