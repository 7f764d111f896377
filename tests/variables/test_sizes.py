"""The largest documents that are allowed fit into an item of DynamoDB."""

import json
import random
from typing import Any

import pytest

from chalicelib.deployments.store import Configuration
from chalicelib.project_secrets.store import _Document
from chalicelib.security import documents
from chalicelib.variables.service import block_size
from chalicelib.variables.store import Document
from tests.configuration import Configured

ITEM_BYTES = 400 * 1024
CHANCE = random.Random(1)
ALPHABETS = {
    "control": "".join(map(chr, range(1, 32))),
    "ascii": "".join(map(chr, range(1, 128))),
    "quotes": '"\\\x01\x7f\n',
    "latin": "".join(map(chr, range(1, 256))),
    "two bytes": "".join(map(chr, range(0x80, 0x800))),
    "four bytes": "".join(map(chr, range(0x10000, 0x10FFFF))),
    "all": "".join(map(chr, [*range(1, 0xD800), *range(0xE000, 0x10FFFF)])),
}


def text(alphabet: str, size: int) -> str:
    """Random text of so many bytes in UTF-8, at most."""
    drawn = "".join(CHANCE.choices(ALPHABETS[alphabet], k=size))
    return drawn.encode()[:size].decode(errors="ignore")


def keys(number: int, length: int) -> list[str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"
    return ["K" + "".join(CHANCE.choices(letters, k=length - 1)) for _ in range(number)]


def largest_item() -> int:
    """The bytes of the largest document of a service; what else is in it is not 1 KiB."""
    rows = [row for row in Document.scan() if row.pk.endswith("#var")]
    return max(len(row.sealed) + len(json.dumps(row.bindings)) + 1024 for row in rows)


each_alphabet = pytest.mark.parametrize("alphabet", ALPHABETS)


@each_alphabet
@pytest.mark.parametrize("number", [1, 200])
def test_variables(api: Configured, alphabet: str, number: int) -> None:
    """All that may be set is set, with as many bindings as there may be."""
    if number == 200:
        bound = [api.secret(key, "", is_secret=False)["id"] for key in keys(1, 256)]
        items = [{"project_secret_id": bound[0], "alias_key": key} for key in keys(200, 256)]
        assert api.client.put(f"{api.bindings}/bulk", {"bindings": items}).status == 200
    each = 128 * 1024 // number - 20
    sent = {key: text(alphabet, each) for key in keys(number, 16)}
    variables = [{"key": key, "value": value} for key, value in sent.items()]
    reply = api.client.put(f"{api.env}/bulk", {"variables": variables})
    assert reply.status == 200, reply.text[:200]
    assert api.values() == sent
    assert largest_item() < ITEM_BYTES


@each_alphabet
def test_secrets(api: Configured, alphabet: str) -> None:
    each = 128 * 1024 // 300 - 20
    rows = [
        {"key": key, "value": text(alphabet, each), "scope": "production"} for key in keys(300, 16)
    ]
    reply = api.client.put(f"{api.secrets}/bulk", {"secrets": rows})
    assert reply.status == 200, reply.text[:200]
    assert reply.json()["total"] == 300
    [row] = [row for row in _Document.scan() if row.pk.endswith("#sec")]
    assert len(row.sealed) < ITEM_BYTES - 4096


@each_alphabet
@pytest.mark.parametrize("number", [2, 400])
def test_the_configuration_of_a_release(alphabet: str, number: int) -> None:
    each = 256 * 1024 // number - 20
    environment = {key: text(alphabet, each) for key in keys(number, 16)}
    assert block_size(environment) <= 256 * 1024
    command = text(alphabet, 4000)
    configuration: dict[str, Any] = {
        **vars(Configuration("https://example.com", "main", 8080)),
        "build_command": command,
        "start_command": command[::-1],
        "environment": environment,
        "secret_keys": list(environment),
    }
    sealed = documents.seal("live#wks_1", "configuration x", configuration)
    assert len(sealed) < ITEM_BYTES - 4096
    assert documents.unseal("live#wks_1", "configuration x", sealed) == configuration
