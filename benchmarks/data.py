"""What the stub holds: a workspace with an API key and twenty projects."""

import json
from typing import Any

from chalicelib import ids
from chalicelib.security.keys import PlaintextKey
from chalicelib.workspaces.gate_state import Moment

USER_ID = "usr_01m7y0fppje0y9thwrqb1ygz38"
WORKSPACE_ID = "wks_01m7y0fppje0y9thwrqb1ygz39"
KEY_ID = "key_01m7y0fppje0y9thwrqb1ygz3a"
TENANT = f"live#{WORKSPACE_ID}"
KEY = PlaintextKey("live", "bench000", "b" * 32)
MADE_AT = 1_790_000_000_000


def _written(value: Any) -> dict[str, Any]:
    """A value as DynamoDB writes it."""
    if isinstance(value, dict):
        return {"M": {name: _written(one) for name, one in value.items()}}
    if isinstance(value, list):
        return {"L": [_written(one) for one in value]}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _item(**attributes: Any) -> dict[str, Any]:
    return {name: _written(value) for name, value in attributes.items()}


def _gate() -> dict[str, Any]:
    """A gate in the present windows, with thirty calls in the key's ring."""
    moment = Moment.now()
    return _item(
        pk=TENANT,
        sk="gate",
        version=3,
        plan="professional",
        limits={"hour": 10**9, "ten_minutes": 10**9},
        hour=moment.hour + 1,
        hour_count=31,
        ten=moment.ten + 6,
        ten_count=31,
        members={USER_ID: "owner"},
        rings={KEY.public_id: [moment.stamp + 10**6 + n for n in range(30)]},
        ended={},
    )


def _project(number: int) -> dict[str, Any]:
    return _item(
        pk=f"{TENANT}#prj",
        sk=ids.new("prj"),
        name=f"project {number}",
        region="us-east-1",
        framework="nodejs",
        description="A project like any other, with a line about itself",
        status="active",
        created_at=MADE_AT + number,
        updated_at=MADE_AT + number,
    )


def _api_key() -> dict[str, Any]:
    return _item(
        pk=f"{TENANT}#key",
        sk=KEY_ID,
        name="bench",
        scope="admin",
        public_id=KEY.public_id,
        secret_hash=KEY.secret_hash,
        created_by=USER_ID,
        created_at=MADE_AT,
        updated_at=MADE_AT,
    )


def _json(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()


_CLAIM = _item(pk=f"api-key#{KEY.public_id}", sk="claim", owner=f"{TENANT} {KEY_ID}")

ANSWERS = {
    "GetItem claim": _json({"Item": _CLAIM}),
    "GetItem key": _json({"Item": _api_key()}),
    "GetItem gate": _json({"Item": _gate()}),
    "UpdateItem gate": _json({"Attributes": _gate()}),
    "GetItem prj": _json({"Item": _item(pk=f"{TENANT}#count", sk="prj", total=10_000)}),
    "Query": _json({"Items": [_project(n) for n in range(20)], "Count": 20, "ScannedCount": 20}),
    "TransactWriteItems": _json({}),
    "SendMessage": _json({"MessageId": "m" * 36, "MD5OfMessageBody": "0" * 32}),
}
"""By operation and, where a key is given, the beginning of its ``sk``."""
