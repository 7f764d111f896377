"""The pages behind mailed links."""

import base64
import hashlib
import re

import pytest

from chalicelib.accounts.pages import PAGES
from chalicelib.http.surfaces import all_routes
from tests.client import make_client

make_client()  # declares the routes

NAMES = ["/verify-email", "/reset-password", "/accept-invitation"]


def test_each_link_has_its_page() -> None:
    assert list(PAGES) == NAMES


@pytest.mark.parametrize("path", NAMES)
def test_a_page_stands_by_itself(path: str) -> None:
    page = PAGES[path]()
    assert not re.search(r"""(src|href)=|url\(|https?:|\$\{""", page)
    assert page.count("<script>") == 1
    assert re.search(r"<title>[A-Z][a-z ]+ · Orbitra</title>", page)
    assert 'aria-live="polite"' in page
    labelled = re.findall(r'<label for="(\w+)"', page)
    assert labelled == re.findall(r'<input id="(\w+)"', page)


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("kind", ["style", "script"])
def test_its_policy_lets_its_own_script_run_and_no_other(path: str, kind: str) -> None:
    page = PAGES[path]()
    found = re.search(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
    assert found
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    assert f"{kind}-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page


def test_it_calls_routes_that_exist() -> None:
    paths = set(re.findall(r'call\("(api/[^"]+)"', PAGES["/verify-email"]()))
    assert {"api/auth/verify-email", "api/auth/password-reset/confirm", "api/auth/login"} <= paths
    assert {f"/{path}" for path in paths} <= {route.path for route in all_routes()}
