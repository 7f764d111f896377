"""The pages of the reference: whole, self-contained, and where errors lead to."""

import re
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from chalicelib.docs.errors import ERRORS
from chalicelib.errors import ApiError
from chalicelib.features import all_routes
from tests.client import Client

SEED_CODES = """
    UNAUTHORIZED FORBIDDEN NOT_FOUND VALIDATION_FAILED RATE_LIMITED SLUG_TAKEN SLUG_RESERVED
    DOMAIN_IN_USE APP_LIMIT_REACHED SUBSCRIPTION_REQUIRED SUBSCRIPTION_EXISTS NO_PAYMENT_METHOD
    NO_ACTIVE_SUBSCRIPTION NOT_CANCELING ALREADY_CANCELING SUBSCRIPTION_CANCELING SAME_PLAN
    CARD_ERROR PAYMENT_ERROR NO_STRIPE_CUSTOMER CERT_CREATION_FAILED DEPLOY_FAILED
    API_KEY_LIMIT_REACHED INVALID_IDEMPOTENCY_KEY IDEMPOTENCY_KEY_REUSE INTERNAL_ERROR
"""


@pytest.fixture
def reference(anyone: Client) -> str:
    return anyone.get("/docs").text


@pytest.fixture
def errors(anyone: Client) -> str:
    return anyone.get("/api/errors/").text


def test_every_operation_is_there(reference: str) -> None:
    shown = set(re.findall(r'<article id="(\w+)"', reference))
    assert shown == {route.operation_id for route in all_routes()}


def test_every_link_within_leads_somewhere(reference: str, errors: str) -> None:
    assert _anchors(reference) >= set(re.findall(r'href="#([\w-]+)"', reference))
    assert _anchors(errors) >= set(re.findall(r'href="/api/errors#([\w-]+)"', reference))


def test_every_call_is_a_line_of_shell(reference: str, tmp_path: Path) -> None:
    lines = [unescape(text) for text in re.findall(r"<pre>(curl.*?)</pre>", reference, re.DOTALL)]
    assert len(lines) == len(all_routes())
    script = tmp_path / "calls.sh"
    script.write_text("\n".join(lines))
    subprocess.run(["bash", "-n", script], check=True)


def test_every_code_has_its_anchor(errors: str) -> None:
    codes = {*SEED_CODES.split(), *(error.code for error in _subclasses(ApiError))}
    assert codes <= {code for entry in ERRORS for code in entry.codes}
    assert _anchors(errors) >= {code.lower().replace("_", "-") for code in codes}


def test_an_error_leads_to_its_entry(anyone: Client, errors: str) -> None:
    url = anyone.get("/api/account/api-keys").json()["error"]["docUrl"]
    assert url.endswith("/api/errors/#unauthorized")
    assert "unauthorized" in _anchors(errors)


@pytest.mark.parametrize("path", ["/docs", "/api/errors"])
def test_a_page_loads_nothing_from_elsewhere(anyone: Client, path: str) -> None:
    reply = anyone.get(path)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.text.count("<script>") == 1
    assert not re.search(r"""(?:src|url)\s*[=(]|href="(?![#/])|<link""", _without_calls(reply.text))
    assert "default-src 'none'" in unescape(reply.text)


def _without_calls(page: str) -> str:
    return re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)


def _anchors(page: str) -> set[str]:
    return set(re.findall(r'id="([\w-]+)"', page))


def _subclasses(kind: type[ApiError]) -> Iterator[type[ApiError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)
