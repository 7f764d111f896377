"""The signatures, checked by others: seed 000's snippet and the Standard Webhooks library."""

import json
import subprocess
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from time_machine import Traveller

from tests.client import Client, Queue
from tests.webhooks.conftest import new
from tests.webhooks.receiver import Receiver

SNIPPET = """
const {webhookSecret, headers, body} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const req = {headers, body: JSON.parse(body)};
// Verify webhook signature (Node.js)
const crypto = require('crypto');

const signature = req.headers['x-orbitra-signature'];
const payload = JSON.stringify(req.body);
const expected = crypto
.createHmac('sha256', webhookSecret)
.update(payload)
.digest('hex');

if (signature !== expected) {
throw new Error('Invalid signature');
}
"""


def take(client: Client, queue: Queue, receiver: Receiver, name: str = "a") -> Any:
    assert client.post("/v1/projects", {"name": name}).status == 201
    queue.run_to_the_end()
    return receiver.received[-1]


@pytest.mark.parametrize("name", ["plain", "Ünï ☕ 👩", 'q"\\/', "</script><b>", "12345", "1.0"])
def test_seed_000s_snippet_unchanged(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any], name: str
) -> None:
    received = take(ada, queue, receiver, name)
    said = {
        "webhookSecret": webhook["secret"],
        "headers": {key.lower(): value for key, value in received.headers.items()},
        "body": received.body.decode(),
    }
    for secret, code in ((webhook["secret"], 0), ("whsec_other", 1)):
        text = json.dumps(said | {"webhookSecret": secret})
        done = subprocess.run(
            ["node", "-e", SNIPPET], input=text, text=True, capture_output=True, check=False
        )
        assert done.returncode == code, done.stderr


def test_the_standard_webhooks_library(
    ada: Client, queue: Queue, receiver: Receiver, webhook: dict[str, Any]
) -> None:
    received = take(ada, queue, receiver)
    headers = {key.lower(): value for key, value in received.headers.items()}
    said = Verifier(webhook["secret"]).verify(received.body, headers)
    assert said["event"] == "project.created"
    with pytest.raises(WebhookVerificationError):
        Verifier(webhook["secret"]).verify(received.body + b" ", headers)


def test_after_a_rotation_both_secrets_are_good_for_a_day(
    ada: Client, queue: Queue, receiver: Receiver, clock: Traveller
) -> None:
    key = ada.key("admin")
    webhook = new(key, receiver.url)
    former = webhook["secret"]
    rotated = key.post(f"/v1/webhooks/{webhook['id']}/rotate-secret").json()["secret"]
    assert rotated != former
    received = take(key, queue, receiver)
    headers = {name.lower(): value for name, value in received.headers.items()}
    for secret in (former, rotated):
        assert Verifier(secret).verify(received.body, headers)
    assert headers["webhook-signature"].count("v1,") == 2
    clock.shift(86_401)
    received = take(key, queue, receiver)
    headers = {name.lower(): value for name, value in received.headers.items()}
    assert Verifier(rotated).verify(received.body, headers)
    assert headers["webhook-signature"].count("v1,") == 1
