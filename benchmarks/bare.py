"""The yardstick: a bare Lambda handler over boto3 that does the same work by the same calls.

It authenticates an API key, counts the call by the same conditional update, and lists or creates
projects with the same answers; no framework, no models, no validation beyond what is needed.
"""

import hashlib
import hmac
import json
import os
import time
import uuid
import zlib
from datetime import UTC, datetime
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

PREFIX = "bench-"
_dynamodb = boto3.resource("dynamodb")
_sqs = boto3.client("sqs")
_claims = _dynamodb.Table(PREFIX + "claims")
_resources = _dynamodb.Table(PREFIX + "resources")
_workspaces = _dynamodb.Table(PREFIX + "workspaces")
_known: dict[str, dict[str, Any]] = {}
_gates: dict[str, dict[str, Any]] = {}
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
EPOCH_MS = 1_767_225_600_000


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one event of API Gateway."""
    del context
    tenant, gate = _admit(event["headers"]["Authorization"].removeprefix("Bearer "))
    route = _ROUTES[event["httpMethod"], event["resource"]]
    status, body = route(tenant, event)
    hours = int(gate["hour_count"])
    headers = {
        "Content-Type": "application/json",
        "X-Request-Id": "req_" + _base32(uuid.uuid4()),
        "X-RateLimit-Limit": "1000000000",
        "X-RateLimit-Remaining": str(10**9 - hours),
        "X-RateLimit-Reset": str((int(gate["hour"]) + 1) * 3600),
    }
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}


def _admit(text: str) -> tuple[str, dict[str, Any]]:
    body, checksum = text[:-6], text[-6:]
    if not hmac.compare_digest(_base62(zlib.crc32(body.encode())), checksum):
        raise PermissionError
    public_id, secret = body[8:16], body[16:]
    key = _known.get(public_id) or _look_up(public_id)
    if not hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest(), key["secret_hash"]):
        raise PermissionError
    tenant = str(key["pk"]).rpartition("#")[0]
    gate = _gates.get(tenant) or _read_gate(tenant)
    _gates[tenant] = _count(tenant, public_id, gate)
    return tenant, _gates[tenant]


def _look_up(public_id: str) -> dict[str, Any]:
    claim = _claims.get_item(Key={"pk": f"api-key#{public_id}", "sk": "claim"}, ConsistentRead=True)
    tenant, _, key_id = claim["Item"]["owner"].partition(" ")
    found = _resources.get_item(Key={"pk": f"{tenant}#key", "sk": key_id}, ConsistentRead=True)
    _known[public_id] = found["Item"]
    return _known[public_id]


def _read_gate(tenant: str) -> dict[str, Any]:
    key = {"pk": tenant, "sk": "gate"}
    found: dict[str, Any] = _workspaces.get_item(Key=key, ConsistentRead=True)
    item: dict[str, Any] = found["Item"]
    return item


def _count(tenant: str, public_id: str, gate: dict[str, Any]) -> dict[str, Any]:
    counted = _workspaces.update_item(
        Key={"pk": tenant, "sk": "gate"},
        UpdateExpression="SET #hours = #hours + :one, #tens = #tens + :one, "
        "#rings.#credential[100000] = :stamp",
        ConditionExpression="#version = :version AND #hour = :hour AND #ten = :ten "
        "AND #hours < :hours AND #tens < :tens AND size(#rings.#credential) < :most",
        ExpressionAttributeNames={
            "#version": "version",
            "#hour": "hour",
            "#hours": "hour_count",
            "#ten": "ten",
            "#tens": "ten_count",
            "#rings": "rings",
            "#credential": public_id,
        },
        ExpressionAttributeValues={
            ":one": 1,
            ":version": gate["version"],
            ":hour": gate["hour"],
            ":ten": gate["ten"],
            ":hours": 10**9,
            ":tens": 10**9,
            ":stamp": (time.time_ns() // 1_000_000 - EPOCH_MS) // 10,
            ":most": 600,
        },
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    attributes: dict[str, Any] = counted["Attributes"]
    return attributes


def _list(tenant: str, event: dict[str, Any]) -> tuple[int, Any]:
    asked = event["queryStringParameters"] or {}
    page, limit = int(asked.get("page", 1)), int(asked.get("limit", 20))
    count = _resources.get_item(Key={"pk": f"{tenant}#count", "sk": "prj"}, ConsistentRead=True)
    found = _resources.query(
        KeyConditionExpression=Key("pk").eq(f"{tenant}#prj"),
        ScanIndexForward=False,
        Limit=page * limit,
        ConsistentRead=True,
    )
    rows = [_shown(item) for item in found["Items"][(page - 1) * limit :]]
    total = int(count["Item"]["total"])
    return 200, {"data": rows, "pagination": {"page": page, "limit": limit, "total": total}}


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": item["sk"],
        "name": item["name"],
        "region": item["region"],
        "framework": item.get("framework"),
        "description": item.get("description"),
        "status": item["status"],
        "created_at": _rfc3339(item["created_at"]),
        "updated_at": _rfc3339(item["updated_at"]),
    }


def _create(tenant: str, event: dict[str, Any]) -> tuple[int, Any]:
    sent = json.loads(event["body"])
    name = sent["name"].strip()
    if not 1 <= len(name) <= 100:
        raise ValueError("name")
    now = time.time_ns() // 1_000_000
    project_id, job_id = "prj_" + _base32(uuid.uuid4()), "job_" + _base32(uuid.uuid4())
    project = {
        "pk": f"{tenant}#prj",
        "sk": project_id,
        "name": name,
        "region": sent.get("region", "us-east-1"),
        "framework": sent.get("framework"),
        "status": "pending",
        "created_at": now,
        "updated_at": now,
    }
    job = {
        "pk": job_id,
        "sk": "job",
        "kind": "project.set-up",
        "tenant": tenant,
        "payload": json.dumps({"project_id": project_id}),
        "shard": str(zlib.crc32(job_id.encode()) % 8),
        "due_at": now + 30_000,
        "run_at": now,
        "attempts": 0,
        "failures": 0,
        "woken": 0,
    }
    entry = {
        "pk": f"{tenant}#aud",
        "sk": "aud_" + _base32(uuid.uuid4()),
        "action": "create_project",
        "target_id": project_id,
        "user_id": "usr_01m7y0fppje0y9thwrqb1ygz38",
        "api_key_id": "key_01m7y0fppje0y9thwrqb1ygz3a",
        "source_ip": event["requestContext"]["identity"]["sourceIp"],
        "request_id": "req_" + _base32(uuid.uuid4()),
        "created_at": now,
        "updated_at": now,
        "expires_at": now // 1000 + 400 * 86_400,
    }
    count = {
        "TableName": PREFIX + "resources",
        "Key": {"pk": f"{tenant}#count", "sk": "prj"},
        "UpdateExpression": "ADD #total :one",
        "ExpressionAttributeNames": {"#total": "total"},
        "ExpressionAttributeValues": {":one": 1},
    }
    _dynamodb.meta.client.transact_write_items(
        TransactItems=[
            {"Put": _put("resources", project)},
            {"Put": _put("jobs", job)},
            {"Put": _put("resources", entry)},
            {"Update": count},
        ]
    )
    message = json.dumps({"job_id": job_id})
    _sqs.send_message(QueueUrl=os.environ["ORBITRA_QUEUE_URL"], MessageBody=message, DelaySeconds=0)
    return 201, _shown(project)


def _put(table: str, item: dict[str, Any]) -> dict[str, Any]:
    absent = "attribute_not_exists(pk)"
    return {"TableName": PREFIX + table, "Item": item, "ConditionExpression": absent}


_ROUTES = {("GET", "/v1/projects"): _list, ("POST", "/v1/projects"): _create}


def _rfc3339(ms: Any) -> str:
    return datetime.fromtimestamp(int(ms) // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _base62(number: int) -> str:
    text = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = BASE62[digit] + text
    return text


def _base32(made: uuid.UUID) -> str:
    number, text = made.int, ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        text = BASE32[digit] + text
    return text
