"""The app with AWS in this process, and clients that drive it through its routes."""

# ruff: noqa: E402 (AWS is in place before anything of ours reads its settings)

import os
import time
from collections.abc import Iterator
from functools import cache

from local import aws

os.environ["ORBITRA_GIT_SCHEMES"] = "https,http,git,file"
os.environ["ORBITRA_WEBHOOK_SCHEMES"] = "https,http"
os.environ["ORBITRA_ALLOW_LOOPBACK"] = "true"
aws.start()

from tests import dynamodb_local

dynamodb_local.use()

import pytest
import time_machine
from argon2 import PasswordHasher, profiles
from time_machine import Traveller

from chalicelib import engines
from chalicelib.engines.simulated import SimulatedEngine
from chalicelib.security import passwords
from tests.client import Client, Queue, make_client
from tests.mail import outbox

# What a password costs is seen by tests/security/test_passwords.py; here it would be half of all.
CHEAP = PasswordHasher.from_parameters(profiles.CHEAPEST)
passwords._hasher = cache(lambda: CHEAP)


LONG = ("local/", "engines/", "deploy/", "workspaces/test_gate", "store/", "bindings/", "webhooks/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left with it at the end."""
    items.sort(key=lambda item: [one not in item.nodeid for one in LONG])


def make_fresh() -> None:
    """Begin with an empty store, and with nothing remembered."""
    aws.start()
    aws.reset()
    dynamodb_local.reset()
    outbox.clear()
    from chalicelib.api_keys import store
    from chalicelib.http.limits import strangers
    from chalicelib.security import encryption, tokens
    from chalicelib.system.status import watch
    from chalicelib.workspaces import gate

    encryption._cache.clear()
    tokens._secret.cache_clear()
    store._known.cache_clear()
    gate.forget()
    strangers.forget()
    watch.forget()
    engines.use(SimulatedEngine())


@pytest.fixture(autouse=True)
def _fresh() -> None:
    make_fresh()


@pytest.fixture
def engine() -> SimulatedEngine:
    made = SimulatedEngine()
    engines.use(made)
    return made


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """A clock that runs on and that ``shift(seconds)`` moves."""
    with time_machine.travel(time.time(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def queue(engine: SimulatedEngine) -> Queue:
    return Queue()


@pytest.fixture
def anyone() -> Client:
    return make_client()


@pytest.fixture
def ada() -> Client:
    return make_client().register("ada@example.com")


@pytest.fixture
def bob() -> Client:
    return make_client().register("bob@example.com")
